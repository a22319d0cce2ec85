import { Agent as PlainAgent, request as plainRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { KeystoneUnavailable } from './keystone-unavailable.js';

export interface KeystoneReply {
  readonly status: number;
  /** Of the header X-Subject-Token; undefined: there is none. */
  readonly subjectToken: string | undefined;
  readonly text: string;
}

export interface KeystoneQuestion {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** From the question to the last byte of the answer, waiting for a connection included: ms. */
const LIMIT_MS = 5_000;

/** Keystone has some processes a machine; more at once would only wait there instead of here. */
const MAX_CONNECTIONS = 32;

/** A token without catalog has 1 to 5 KB; one with hundreds of roles some more. */
const MAX_REPLY_BYTES = 1024 * 1024;

/** Calls Keystone, on connections that are kept. Every failure is a KeystoneUnavailable and names no token. */
export class KeystoneConnection {
  private readonly agents: { readonly plain: PlainAgent; readonly secure: SecureAgent };

  constructor(ca: string | undefined) {
    const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: MAX_CONNECTIONS };
    this.agents = {
      plain: new PlainAgent(options),
      secure: new SecureAgent({ ...options, ...(ca !== undefined && { ca }) }),
    };
  }

  async ask(url: string, question: KeystoneQuestion): Promise<KeystoneReply> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    try {
      return await this.send(url, question, signal, true);
    } catch (error) {
      if (error instanceof KeystoneUnavailable) throw error;
      const why = signal.aborted ? `no answer within ${LIMIT_MS} ms` : describe(error as NodeJS.ErrnoException);
      throw new KeystoneUnavailable(`${question.method} ${url.split('?', 1)[0]}: ${why}`, true);
    }
  }

  private send(
    url: string,
    question: KeystoneQuestion,
    signal: AbortSignal,
    mayRepeat: boolean,
  ): Promise<KeystoneReply> {
    const { method, headers, body } = question;
    const isSecure = url.startsWith('https:');
    const options: RequestOptions = {
      method,
      signal,
      agent: isSecure ? this.agents.secure : this.agents.plain,
      headers: { accept: 'application/json', 'user-agent': 'berth', ...headers },
    };
    return new Promise((resolve, reject) => {
      const outgoing = (isSecure ? secureRequest : plainRequest)(url, options, (incoming) => {
        read(incoming).then(
          (text) => {
            const subjectToken = incoming.headers['x-subject-token'];
            resolve({
              status: incoming.statusCode ?? 0,
              subjectToken: typeof subjectToken === 'string' ? subjectToken : undefined,
              text,
            });
          },
          (error: unknown) => reject(error as Error),
        );
      });
      outgoing.on('error', (error) => {
        // The other side may close a rested connection in the very moment in which it is used again.
        if (outgoing.reusedSocket && mayRepeat && !signal.aborted) {
          resolve(this.send(url, question, signal, false));
        } else reject(error);
      });
      outgoing.end(body);
    });
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_REPLY_BYTES) throw new KeystoneUnavailable(`an answer of more than ${MAX_REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** When a name has several addresses, Node's error has no text of its own but one for each. */
function describe(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ');
  return error.message || (error.code ?? error.name);
}
