import { Agent, request, type IncomingHttpHeaders } from 'node:http';

export interface Reply<Body = unknown> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where the service says it is JSON, the text otherwise, undefined where there is none. */
  readonly body: Body;
}

export interface ClientOptions {
  /** Sent as X-Auth-Token; null sends none. */
  readonly token?: string | null;
  /** Sent as OpenStack-API-Version, `placement <version>`. */
  readonly version?: string;
  readonly headers?: Headers;
  /** The connections that are used; those of all tests unless given. */
  readonly agent?: Agent;
}

/** A header with undefined is left out, a default of the client's too. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface Client {
  // The tests know what the body they asked for looks like; where they do not say, it is unknown.
  get<B = unknown>(path: string, headers?: Headers): Promise<Reply<B>>;
  put<B = unknown>(path: string, body?: unknown, headers?: Headers): Promise<Reply<B>>;
  post<B = unknown>(path: string, body?: unknown, headers?: Headers): Promise<Reply<B>>;
  patch<B = unknown>(path: string, body?: unknown, headers?: Headers): Promise<Reply<B>>;
  delete<B = unknown>(path: string, body?: unknown, headers?: Headers): Promise<Reply<B>>;
  /** Another client of the same service. */
  with(options: ClientOptions): Client;
}

const shared = new Agent({ keepAlive: true, maxSockets: 256, timeout: 60_000 });

/** A client of the service at `url` for stories: the admin's, at version 1.0, unless told otherwise. */
export function client(url: string, options: ClientOptions = {}): Client {
  const { token = 'admin', version, headers: extra = {}, agent = shared } = options;
  const defaults: Headers = {
    'x-auth-token': token ?? undefined,
    'openstack-api-version': version === undefined ? undefined : `placement ${version}`,
    accept: 'application/json',
    ...lowerCase(extra),
  };
  const call =
    (method: string) =>
    <B>(path: string, body?: unknown, headers: Headers = {}): Promise<Reply<B>> =>
      send<B>(new URL(path, url), { method, agent, headers: { ...defaults, ...lowerCase(headers) } }, body);
  const get = call('GET');
  return {
    get: (path, headers) => get(path, undefined, headers),
    put: call('PUT'),
    post: call('POST'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    with: (other) => client(url, { ...options, ...other }),
  };
}

/** A string goes out as it is: for bodies that are wrong on purpose. */
function send<B>(
  url: URL,
  { headers, ...options }: { readonly method: string; readonly agent: Agent; readonly headers: Headers },
  body: unknown,
): Promise<Reply<B>> {
  const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const sent = {
    ...(payload !== undefined && {
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(payload)}`,
    }),
    ...headers,
  };
  const present = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, headers: Object.fromEntries(present) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const type = incoming.headers['content-type'] ?? '';
        const json = text !== '' && type.includes('json');
        const received: unknown = text === '' ? undefined : json ? JSON.parse(text) : text;
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: received as B });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

function lowerCase(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
