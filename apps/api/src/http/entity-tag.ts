import { hash } from 'node:crypto';
import type { Coding } from './compression.js';

/** Whose generation the tags of an endpoint begin with. */
export type TagOf = 'provider' | 'consumer';

/** What stands between quotes in the list of a condition. Source: RFC 9110 §8.8.3, §13.1.2. */
const LISTED = /"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** What a tag says of a body: 64 bits of its digest, as a decimal number, so that the tag looks like `"<n>.<k>"`. */
export function digestOf(body: Buffer | string): string {
  return hash('sha256', body, 'buffer').readBigUInt64BE().toString();
}

/**
 * The strong tag of an answer: the generation that it shows, and the digest of its body. What is shown can change while
 * the generation stays, or is the same number again: docs/adr/0019. `coding`: how the body will be coded, for that makes
 * other bytes of it, and a strong tag says so (RFC 9110 §8.8.3.3).
 */
export function entityTag(generation: number, digest: string, coding: Coding | undefined): string {
  return `"${generation}.${digest}${coding === undefined ? '' : `-${coding}`}"`;
}

/**
 * Whether `If-None-Match` names the tag, so that the client has what it would be sent: `*`, or a list in which it stands,
 * weak or strong. What isn't a tag names nothing. Source: RFC 9110 §13.1.2.
 */
export function namesTag(ifNoneMatch: string, tag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  for (const [listed] of ifNoneMatch.matchAll(LISTED)) if (listed === tag) return true;
  return false;
}
