import { REASONS } from '#berth/domain';
import { HttpError } from '../http-error.js';
import { clientNetwork } from './client-address.js';
import type { LimitsConfig, RateLimit } from './limits-config.js';
import { TokenBuckets } from './token-buckets.js';

/** Who asks, as far as limits go. */
export interface Asking {
  /** As the framework has it: behind trusted proxies what they say. */
  readonly ip: string;
  /** undefined: nobody is known to ask. */
  readonly user: string | undefined;
}

/** Counts what each client asks for, where a limit is set. Each process counts by itself. */
export class RateLimiter {
  private readonly buckets: TokenBuckets | undefined;
  private readonly rate: RateLimit | undefined;
  private readonly usersAreProven: boolean;

  constructor({ rate, usersAreProven }: LimitsConfig) {
    this.rate = rate;
    this.buckets = rate === undefined ? undefined : new TokenBuckets(rate);
    this.usersAreProven = usersAreProven;
  }

  /** Before anybody asks who it is: an address that failed to say so too often is not asked again. Throws HttpError 429. */
  beforeIdentity(ip: string): void {
    if (this.buckets === undefined || !this.usersAreProven) return;
    this.refuse(this.buckets.lack(addressKey(ip), performance.now()));
  }

  /** Counts a request to whoever asks: a user who is proven, else an address. Throws HttpError 429. */
  count({ ip, user }: Asking): void {
    if (this.buckets === undefined) return;
    const key = this.usersAreProven && user !== undefined ? `user ${user}` : addressKey(ip);
    this.refuse(this.buckets.take(key, performance.now()));
  }

  private refuse(waitSeconds: number): void {
    if (waitSeconds === 0) return;
    const { requests = 0, seconds = 0 } = this.rate ?? {};
    throw new HttpError(429, `More than ${requests} requests in ${seconds} s; nothing was done. Try again later.`, {
      reason: REASONS.rateLimited,
      facts: { requests, seconds },
      headers: { 'retry-after': `${Math.ceil(waitSeconds)}` },
    });
  }
}

function addressKey(ip: string): string {
  return `address ${clientNetwork(ip)}`;
}
