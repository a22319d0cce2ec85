import { Agent, request } from 'node:http';

/** One request as it goes to both services. */
export interface Sent {
  /** `METHOD /path/{name}`, for what is counted and printed. */
  readonly route: string;
  readonly method: string;
  /** Escaped, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Both are near, and no request of the fuzzer is long work: ms. */
const LIMIT_MS = 120_000;

const agent = new Agent({ keepAlive: true });

/** Sends a request. Rejects if nothing comes back. */
export function exchange(url: string, { method, path, headers, body }: Sent): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': `${body.length}` };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, agent, timeout: LIMIT_MS, headers: { ...length, ...headers } };
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: new Map(
            Object.entries(incoming.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
          ),
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer of ${url} to ${method} ${path}`)));
    outgoing.end(body);
  });
}
