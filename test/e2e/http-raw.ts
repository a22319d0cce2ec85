import { request, type Agent, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { waitFor } from '../support/wait-for.js';

/** An answer as it came: nothing is parsed. */
export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method: string;
  /** Sent as it is: not even a doubled slash is tidied up. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  readonly agent?: Agent;
}

/** Sends exactly the headers given, and what HTTP itself needs. */
export function rawRequest(url: string, { method, path, headers = {}, body, agent }: RawRequest): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const length: Record<string, string> = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, headers: { ...length, ...headers }, ...(agent && { agent }) };
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** A connection on which the test writes the bytes itself. */
export class RawConnection {
  private text = '';
  private ended = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    socket.on('close', () => (this.ended = true));
    // A reset shows as an end; what came before it is what counts.
    socket.on('error', () => (this.ended = true));
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const connection = new RawConnection(socket);
    // One that is turned away may be over before it is seen open.
    await waitFor(() => socket.readyState === 'open' || connection.ended, { what: 'a connection' });
    return connection;
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Takes nothing more of what comes. */
  pause(): void {
    this.socket.pause();
  }

  /** Everything that came, once `count` answers have begun or the other side has ended the connection. */
  async answers(count: number): Promise<string[]> {
    const heads = (): string[] => this.text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((part) => part !== '');
    await waitFor(() => this.ended || (heads().length >= count && this.text.includes('\r\n\r\n')), {
      what: `${count} answers on one connection; came: ${this.text}`,
    });
    return heads();
  }

  async untilClosed(): Promise<string> {
    await waitFor(() => this.ended, { what: 'the other side to end the connection' });
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }
}
