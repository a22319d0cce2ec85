import { createHash } from 'node:crypto';

/** The one way from a name to an advisory lock key: 64 bits of SHA-256, as the signed decimal PostgreSQL takes. */
export function advisoryKey(name: string): string {
  return createHash('sha256').update(name).digest().readBigInt64BE(0).toString();
}
