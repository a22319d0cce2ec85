import { hash } from 'node:crypto';
import type { Coding } from './compression.js';

/** Whose generation the tags of an endpoint begin with. */
export type TagOf = 'provider' | 'consumer';

/** What stands between quotes in the list of a condition. Source: RFC 9110 §8.8.3, §13.1.2. */
const LISTED = /"([\x21\x23-\x7e\x80-\xff]*)"/g;

/**
 * The strong tag of an answer: the generation that it shows, and 64 bits of the digest of its bytes. What is shown can
 * change while the generation stays, or is the same number again: docs/adr/0016. `coding`: how the bytes will be coded,
 * for those are others, and a strong tag says so (RFC 9110 §8.8.3.3).
 */
export function entityTag(generation: number, body: Buffer, coding: Coding | undefined): string {
  const digest = hash('sha256', body, 'buffer').readBigUInt64BE();
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
