import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.js';

/** Tries of a request, the first included: with doubling pauses they outlast a restart of the source, some 13 s. */
const MAX_TRIES = 7;
const FIRST_PAUSE_MS = 200;

/** A list of all providers of a large cloud takes the reference implementation tens of seconds: ms. */
const ANSWER_LIMIT_MS = 120_000;

/** Answers after which the same request may succeed: overloaded, restarting, or a proxy in front that found nobody. */
const TRY_AGAIN = new Set([429, 500, 502, 503, 504]);

/** Where tokens come from. */
export interface TokenSource {
  /** `renew`: the one before was refused. */
  token(renew: boolean): Promise<string>;
}

export interface ClientOptions {
  readonly url: string;
  readonly tokens: TokenSource;
  /** Allows tokens to travel unencrypted to another machine. */
  readonly insecureHttp: boolean;
}

/** Status 0: nobody answered; -1: not in JSON. */
type Answer<Body> = { readonly body: Body } | { readonly status: number; readonly text: string };

/** Reads of a Placement over HTTP, at one microversion, each tried several times. The token is sent nowhere else, and never shown. */
export class PlacementClient {
  private version: string | undefined;
  private readonly base: string;

  constructor(private readonly options: ClientOptions) {
    this.base = demandSecure(options.url, options.insecureHttp).href.replace(/\/+$/, '');
  }

  /** Its address, without anything that a URL may say of its user. */
  get name(): string {
    return this.base;
  }

  /** Reads with the highest version that both know, and answers it. Throws a `Refusal` if that is below `lowest` (minor). */
  async negotiate(lowest: number, highest: number): Promise<number> {
    const { versions } = await this.get<{ versions?: { max_version?: string }[] }>('/', false);
    const known = /^1\.(\d+)$/.exec(versions?.[0]?.max_version ?? '')?.[1];
    if (known === undefined) throw new Refusal(`${this.base} does not answer as a Placement does`);
    const minor = Math.min(Number(known), highest);
    if (minor < lowest) {
      throw new Refusal(`${this.base} knows microversions up to 1.${known}; copying needs 1.${lowest} or later`);
    }
    this.version = `placement 1.${minor}`;
    return minor;
  }

  /** What a path answers; undefined: 404. */
  async find<Body>(path: string): Promise<Body | undefined> {
    return await this.get<Body | undefined>(path, true);
  }

  private async get<Body>(path: string, mayLack: boolean): Promise<Body> {
    let renew = false;
    for (let tries = 1; ; tries += 1) {
      const answer: Answer<Body> = await this.once<Body>(path, renew);
      if ('body' in answer) return answer.body;
      if (answer.status === 404 && mayLack) return undefined as Body;
      const isTokenOld: boolean = answer.status === 401 && !renew;
      if (!isTokenOld && !(answer.status === 0 || TRY_AGAIN.has(answer.status))) {
        throw new Refusal(`${this.base}${path} answers ${answer.status}: ${answer.text}`);
      }
      if (tries >= MAX_TRIES) throw new Refusal(`${this.base}${path}: ${answer.text} (${tries} tries)`);
      renew = isTokenOld;
      if (!isTokenOld) await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.75 + Math.random() / 2));
    }
  }

  private async once<Body>(path: string, renew: boolean): Promise<Answer<Body>> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.version !== undefined) {
      headers['openstack-api-version'] = this.version;
      headers['x-auth-token'] = await this.options.tokens.token(renew);
    }
    try {
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      // A redirect would take the token with it.
      const response = await fetch(`${this.base}${path}`, { headers, signal, redirect: 'error' });
      const text = await response.text();
      if (!response.ok) return { status: response.status, text: text.replace(/\s+/g, ' ').slice(0, 200) };
      return { body: JSON.parse(text) as Body };
    } catch (error) {
      if (error instanceof SyntaxError) return { status: -1, text: 'the answer is not JSON' };
      const { cause, message } = error as Error & { cause?: Error };
      return { status: 0, text: cause?.message ?? message };
    }
  }
}

/** Throws a `Refusal` for an address to which a token would travel in the open. */
export function demandSecure(address: string, insecureHttp: boolean): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new Refusal('expected an address such as https://placement.example.org/placement, without user or query');
  }
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLocal && !insecureHttp) {
    throw new Refusal(`${url.origin} is not encrypted, and a token would be sent there; --insecure-http allows it`);
  }
  return url;
}
