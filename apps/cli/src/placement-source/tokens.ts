import { Refusal } from '../refusal.js';
import { demandSecure, type TokenSource } from './placement-client.js';

type Environment = Readonly<Record<string, string | undefined>>;

const ANSWER_LIMIT_MS = 30_000;

/**
 * The token that was given, or those that Keystone gives for the `OS_…` variables of the environment. Throws a `Refusal` if there is
 * neither.
 */
export function tokensFrom(given: string | undefined, env: Environment, insecureHttp: boolean): TokenSource {
  const token = given || env.BERTH_IMPORT_TOKEN;
  if (token) return fixed(token);
  const { OS_AUTH_URL: authUrl, OS_USERNAME: user, OS_PASSWORD: password } = env;
  if (!authUrl || !user || !password) {
    throw new Refusal(
      'no token: set BERTH_IMPORT_TOKEN, or OS_AUTH_URL, OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME for Keystone',
    );
  }
  return new KeystoneTokens(demandSecure(authUrl, insecureHttp), credentials(user, password, env));
}

function fixed(token: string): TokenSource {
  return {
    token: (renew) => (renew ? Promise.reject(new Refusal('the token is refused (401)')) : Promise.resolve(token)),
  };
}

function credentials(name: string, password: string, env: Environment): object {
  const userDomain = env.OS_USER_DOMAIN_ID
    ? { id: env.OS_USER_DOMAIN_ID }
    : { name: env.OS_USER_DOMAIN_NAME || 'Default' };
  const projectDomain = env.OS_PROJECT_DOMAIN_ID
    ? { id: env.OS_PROJECT_DOMAIN_ID }
    : { name: env.OS_PROJECT_DOMAIN_NAME || 'Default' };
  const project = env.OS_PROJECT_ID
    ? { id: env.OS_PROJECT_ID }
    : { name: env.OS_PROJECT_NAME || 'service', domain: projectDomain };
  const identity = { methods: ['password'], password: { user: { name, domain: userDomain, password } } };
  return { auth: { identity, scope: { project } } };
}

/** Tokens of Keystone v3, a new one whenever the one before is refused: a copy may outlast several. */
class KeystoneTokens implements TokenSource {
  private current: Promise<string> | undefined;
  private issued = 0;

  constructor(
    private readonly url: URL,
    private readonly body: object,
  ) {}

  token(renew: boolean): Promise<string> {
    // Requests under way at the same time find the same token refused: one of them asks for another.
    if (this.current === undefined || (renew && Date.now() - this.issued > ANSWER_LIMIT_MS)) {
      this.issued = Date.now();
      this.current = this.issue();
    }
    return this.current;
  }

  private async issue(): Promise<string> {
    const path = this.url.pathname.replace(/\/+$/, '');
    const address = new URL(`${path.endsWith('/v3') ? path : `${path}/v3`}/auth/tokens`, this.url);
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(this.body),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    }).catch((cause: Error & { cause?: Error }) => {
      throw new Refusal(`Keystone at ${this.url.origin} does not answer: ${cause.cause?.message ?? cause.message}`, {
        cause,
      });
    });
    const token = response.headers.get('x-subject-token');
    if (response.status !== 201 || token === null)
      throw new Refusal(`Keystone gives no token: it answers ${response.status}`);
    return token;
  }
}
