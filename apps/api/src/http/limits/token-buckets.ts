import { LRUCache } from 'lru-cache';
import type { RateLimit } from './limits-config.js';

/** Clients that are remembered, some 2 MB. One that was forgotten begins anew, with a full bucket. */
const MAX_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A bucket a client: it holds as many tokens as requests are allowed at once, each request takes one, and they come back evenly over
 * the seconds. A full bucket need not be remembered, so the clients that are forgotten first are those that lost least.
 */
export class TokenBuckets {
  private readonly buckets = new LRUCache<string, Bucket>({ max: MAX_CLIENTS });
  private readonly perMs: number;

  constructor(private readonly limit: RateLimit) {
    this.perMs = limit.requests / (limit.seconds * 1_000);
  }

  /** Takes a token of the client's; answers 0, or in how many seconds there is one again. */
  take(client: string, nowMs: number): number {
    const bucket = this.fill(client, nowMs);
    if (bucket.tokens < 1) return this.secondsUntilOne(bucket);
    bucket.tokens -= 1;
    return 0;
  }

  /** Answers 0, or in how many seconds the client has a token again; takes none. */
  lack(client: string, nowMs: number): number {
    const known = this.buckets.get(client);
    if (known === undefined) return 0;
    const bucket = this.fill(client, nowMs);
    return bucket.tokens < 1 ? this.secondsUntilOne(bucket) : 0;
  }

  private fill(client: string, nowMs: number): Bucket {
    const known = this.buckets.get(client);
    if (known === undefined) {
      const full: Bucket = { tokens: this.limit.requests, atMs: nowMs };
      this.buckets.set(client, full);
      return full;
    }
    known.tokens = Math.min(this.limit.requests, known.tokens + (nowMs - known.atMs) * this.perMs);
    known.atMs = nowMs;
    return known;
  }

  private secondsUntilOne({ tokens }: Bucket): number {
    return (1 - tokens) / this.perMs / 1_000;
  }
}
