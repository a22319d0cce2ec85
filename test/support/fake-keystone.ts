import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a Keystone may be: well, away, silent, or of no use in several ways. */
export type Mood = 'well' | 'away' | 'silent' | 'failing' | 'nonsense' | 'html';

export interface IssuedToken {
  readonly user?: string;
  readonly roles?: readonly string[];
  /** `none`: a token without scope. A string: the id of the project. */
  readonly scope?: string | { readonly domain: string } | 'system' | 'none';
  /** Negative: it has ended already. */
  readonly expiresInSeconds?: number;
}

interface Known {
  readonly body: object;
  readonly expiresAtMs: number;
}

/** The service user that this Keystone knows; its environment for Berth without the address. */
export const SERVICE_USER = {
  OS_USERNAME: 'placement',
  OS_PASSWORD: 'service-secret-7',
  OS_PROJECT_NAME: 'service',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

/** The same one by an application credential. */
export const APPLICATION_CREDENTIAL = {
  OS_AUTH_TYPE: 'v3applicationcredential',
  OS_APPLICATION_CREDENTIAL_ID: 'c0ffee',
  OS_APPLICATION_CREDENTIAL_SECRET: 'credential-secret-9',
};

/** How long ended tokens may still be validated by services: s. Keystone has two days. */
const EXPIRED_WINDOW_SECONDS = 3_600;

/**
 * As much of Keystone's v3 API as validates tokens: the login of a service user, GET /v3/auth/tokens, revocation, ended
 * tokens, and the ways in which it can be out of order. Counts what it is asked.
 */
export class FakeKeystone {
  mood: Mood = 'well';
  /** Logins that were tried. */
  logins = 0;
  /** Questions about tokens. */
  validations = 0;
  /** Of its own tokens for the service user: s. */
  serviceTokenSeconds = 3_600;
  private readonly tokens = new Map<string, Known>();
  private readonly serviceTokens = new Map<string, number>();
  private readonly held: (() => void)[] = [];
  private holding = false;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
    server.on('connection', (socket) => {
      if (this.mood === 'away') socket.destroy();
    });
  }

  static async start(): Promise<FakeKeystone> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeKeystone(server);
  }

  /** Without `/v3`. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What a Berth needs to use it. */
  get environment(): Readonly<Record<string, string>> {
    return { BERTH_AUTH: 'keystone', OS_AUTH_URL: this.url, ...SERVICE_USER };
  }

  /** Gives out a token. */
  issue(wanted: IssuedToken = {}): string {
    const { user = 'u-1', roles = ['admin'], scope = 'p-1', expiresInSeconds = 3_600 } = wanted;
    const token = `gAAAA-${randomUUID()}`;
    const expiresAtMs = Date.now() + expiresInSeconds * 1_000;
    const body = {
      methods: ['password'],
      user: { id: user, name: `name of ${user}`, domain: { id: 'default', name: 'Default' } },
      audit_ids: [randomUUID()],
      expires_at: stamp(expiresAtMs),
      issued_at: stamp(Date.now()),
      ...(scope !== 'none' && { roles: roles.map((name) => ({ id: `id of ${name}`, name })) }),
      ...scopeOf(scope),
    };
    this.tokens.set(token, { body: { token: body }, expiresAtMs });
    return token;
  }

  revoke(token: string): void {
    this.tokens.delete(token);
  }

  /** As after new keys: the service user has to log in again. */
  forgetServiceTokens(): void {
    this.serviceTokens.clear();
  }

  /** Keeps answers back until `release`. */
  hold(): void {
    this.holding = true;
  }

  release(): void {
    this.holding = false;
    for (const go of this.held.splice(0)) go();
  }

  async stop(): Promise<void> {
    this.release();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const isToken = pathname === '/v3/auth/tokens';
    if (isToken && request.method === 'POST') this.logins += 1;
    if (isToken && request.method === 'GET') this.validations += 1;
    if (this.holding) await new Promise<void>((go) => this.held.push(go));
    switch (this.mood) {
      case 'away':
        request.socket.destroy();
        return;
      case 'silent':
        return;
      case 'failing':
        send(response, 500, { error: { code: 500, message: 'An unexpected error' } });
        return;
      case 'nonsense':
        send(response, request.method === 'POST' ? 201 : 200, { token: 'none' }, { 'x-subject-token': 'x' });
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
        return;
      case 'well':
    }
    if (isToken && request.method === 'POST') this.logIn(text, response);
    else if (isToken && request.method === 'GET') this.show(request, response, searchParams);
    else send(response, 404, { error: { code: 404, message: 'Not Found', title: 'Not Found' } });
  }

  private logIn(text: string, response: ServerResponse): void {
    if (!isServiceUser(JSON.parse(text))) {
      unauthorized(response);
      return;
    }
    const token = `gAAAA-service-${randomUUID()}`;
    const expiresAtMs = Date.now() + this.serviceTokenSeconds * 1_000;
    this.serviceTokens.set(token, expiresAtMs);
    send(response, 201, { token: { expires_at: stamp(expiresAtMs) } }, { 'x-subject-token': token });
  }

  private show({ headers }: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    if ((this.serviceTokens.get(`${headers['x-auth-token']}`) ?? 0) <= Date.now()) {
      unauthorized(response);
      return;
    }
    const known = this.tokens.get(`${headers['x-subject-token']}`);
    const windowSeconds = query.get('allow_expired') === '1' ? EXPIRED_WINDOW_SECONDS : 0;
    if (known === undefined || known.expiresAtMs + windowSeconds * 1_000 <= Date.now()) {
      send(response, 404, { error: { code: 404, message: 'Could not find token.', title: 'Not Found' } });
      return;
    }
    send(response, 200, known.body);
  }
}

function scopeOf(scope: Exclude<IssuedToken['scope'], undefined>): object {
  if (scope === 'none') return {};
  if (scope === 'system') return { system: { all: true } };
  if (typeof scope === 'object') return { domain: { id: scope.domain, name: scope.domain } };
  return { project: { id: scope, name: `name of ${scope}`, domain: { id: 'default' } }, is_domain: false };
}

/** Compared whole, so that a request with anything missing or too much is refused. */
function isServiceUser(body: unknown): boolean {
  const domain = { name: 'Default' };
  const password = {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: SERVICE_USER.OS_USERNAME, domain, password: SERVICE_USER.OS_PASSWORD } },
      },
      scope: { project: { name: SERVICE_USER.OS_PROJECT_NAME, domain } },
    },
  };
  const credential = {
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: {
          id: APPLICATION_CREDENTIAL.OS_APPLICATION_CREDENTIAL_ID,
          secret: APPLICATION_CREDENTIAL.OS_APPLICATION_CREDENTIAL_SECRET,
        },
      },
    },
  };
  const sent = JSON.stringify(body);
  return sent === JSON.stringify(password) || sent === JSON.stringify(credential);
}

/** As Keystone writes times: with six digits. */
function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace('Z', '000Z');
}

function unauthorized(response: ServerResponse): void {
  const message = 'The request you have made requires authentication.';
  send(response, 401, { error: { code: 401, message, title: 'Unauthorized' } });
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
