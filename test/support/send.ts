import { Agent, request } from 'node:http';

/** What came of a request; times by the monotonic clock of this process: ms. */
export interface Outcome {
  readonly invokedAt: number;
  /** undefined: no answer came. */
  readonly answeredAt: number | undefined;
  /** 0: no answer. -1: nobody was there to take the request, so it was never made. */
  readonly status: number;
  readonly body: unknown;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The connection is broken off after so long. */
  readonly limitMs: number;
}

const HEADERS = { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0', accept: 'application/json' };

/** Each process of the service keeps its connections. */
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** One request. Never throws: what has no answer has none. */
export function send(url: string, { method, path, body, headers, limitMs }: Call): Promise<Outcome> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const type =
    payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const invokedAt = performance.now();
  return new Promise((resolve) => {
    const limit = setTimeout(() => outgoing.destroy(), limitMs);
    const end = (status: number, answer?: unknown): void => {
      clearTimeout(limit);
      resolve({ invokedAt, answeredAt: status > 0 ? performance.now() : undefined, status, body: answer });
    };
    const failed = (error: Error & { code?: string }): void => end(error.code === 'ECONNREFUSED' ? -1 : 0);
    const outgoing = request(new URL(path, url), { method, agent, headers: { ...HEADERS, ...type, ...headers } });
    outgoing.once('error', failed).once('close', () => end(0));
    outgoing.once('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.once('error', failed);
      incoming.once('end', () => end(incoming.statusCode ?? 0, parsed(text)));
    });
    outgoing.end(payload);
  });
}

/** A proxy in between answers in its own words. */
function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Server-sent events of a path until the connection ends, or is ended by the answered function. */
export function follow(url: string, path: string, heard: (event: string, data: unknown) => void, ended: () => void) {
  const outgoing = request(new URL(path, url), { agent: false, headers: { ...HEADERS, accept: 'text/event-stream' } });
  outgoing.once('error', () => undefined).once('close', ended);
  outgoing.once('response', (incoming) => {
    let rest = '';
    incoming.once('error', () => undefined);
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== undefined && data !== undefined) heard(event, JSON.parse(data));
      }
    });
  });
  outgoing.end();
  return () => void outgoing.destroy();
}
