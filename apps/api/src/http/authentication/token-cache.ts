import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../identity.js';
import type { ValidatedToken } from './keystone-token.js';

/** Finds out about a token; undefined: it is none. Throws if that can't be found out now. */
export type Validate = (token: string, allowExpired: boolean) => Promise<ValidatedToken | undefined>;

export interface TokenCacheOptions {
  /** How long an answer is believed. */
  readonly cacheMs: number;
  /** How long it is believed beyond that while there is no new one. */
  readonly staleMs: number;
  /** ms since the epoch. */
  readonly now: () => number;
}

interface Entry {
  readonly identity: Identity;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

/** A few for each process of the largest clouds; some 25 MB when full. */
const MAX_TOKENS = 50_000;

/** Apart from the others, so that guesses never push a good token out. */
const MAX_UNKNOWN = 10_000;

/** A client that goes on with an ended token asks Keystone so often: ms. Short, because a revoked grant may come back. */
const UNKNOWN_MS = 10_000;

/**
 * What is known of tokens, by their SHA-256: a dump of this memory gives nobody a token. As many requests as come with
 * the same new token at once, one question is asked.
 */
export class TokenCache {
  private readonly known = new LRUCache<string, Entry>({ max: MAX_TOKENS });
  private readonly unknownUntilMs = new LRUCache<string, number>({ max: MAX_UNKNOWN });
  private readonly questions = new Map<string, Promise<Identity | undefined>>();

  constructor(
    private readonly validate: Validate,
    private readonly options: TokenCacheOptions,
  ) {}

  /**
   * Whose token that is; undefined: nobody's. At once if it is known. With `allowExpired` it may have ended. What is known of a
   * token is believed for `staleMs` more if nothing new can be found out, but never past the token's own end.
   */
  find(token: string, allowExpired: boolean): Identity | undefined | Promise<Identity | undefined> {
    const now = this.options.now();
    const digest = hash('sha256', token, 'base64');
    const found = this.known.get(digest);
    if (found !== undefined && now < found.freshUntilMs) return found.identity;
    // What Keystone says of an ended token depends on whether that is allowed.
    const key = allowExpired ? ended(digest) : digest;
    if (allowExpired) {
      const old = this.known.get(key);
      if (old !== undefined && now < old.freshUntilMs) return old.identity;
    }
    const unknownUntilMs = this.unknownUntilMs.get(key);
    if (unknownUntilMs !== undefined && now < unknownUntilMs) return undefined;
    const asked = this.questions.get(key);
    if (asked !== undefined) return asked;
    const question = this.ask(token, digest, allowExpired).finally(() => this.questions.delete(key));
    this.questions.set(key, question);
    return question;
  }

  private async ask(token: string, digest: string, allowExpired: boolean): Promise<Identity | undefined> {
    const { cacheMs, staleMs, now } = this.options;
    const askedAtMs = now();
    try {
      const valid = await this.validate(token, allowExpired);
      const hasEnded = valid !== undefined && valid.expiresAtMs <= now();
      if (valid === undefined || (hasEnded && !allowExpired)) {
        this.known.delete(digest);
        if (allowExpired) this.known.delete(ended(digest));
        this.unknownUntilMs.set(allowExpired ? ended(digest) : digest, now() + UNKNOWN_MS);
        return undefined;
      }
      const { identity, expiresAtMs } = valid;
      // How long after its end a token may be used is Keystone's business: it is asked again and again.
      const endMs = hasEnded ? askedAtMs + cacheMs : expiresAtMs;
      // From the question on, not from the answer: it may be true no longer when it comes.
      const freshUntilMs = Math.min(endMs, askedAtMs + cacheMs);
      this.known.set(hasEnded ? ended(digest) : digest, {
        identity,
        freshUntilMs,
        staleUntilMs: Math.min(endMs, freshUntilMs + staleMs),
      });
      return identity;
    } catch (error) {
      const found = this.known.get(digest);
      if (found !== undefined && now() < found.staleUntilMs) return found.identity;
      throw error;
    }
  }
}

/** Under which name an ended token is known: only where that is allowed it may be found. */
function ended(digest: string): string {
  return `${digest}+`;
}
