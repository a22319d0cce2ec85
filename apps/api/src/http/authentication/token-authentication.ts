import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from '../http-error.js';
import type { Identity } from '../identity.js';
import { onReload } from '../reload.js';
import type { Authentication } from './authentication.js';
import { readTokenFile, type AcceptedToken } from './token-file.js';

/** Knows those whose tokens stand in a file, and nothing that a client says of itself. Source: docs/authentication.md. */
export class TokenAuthentication implements Authentication {
  private tokens: readonly AcceptedToken[];

  /** Throws ConfigError if the file can't be used. At a reload such a file changes nothing. */
  constructor(path: string) {
    this.tokens = readTokenFile(path);
    onReload('tokens', () => {
      this.tokens = readTokenFile(path);
    });
  }

  identify({ 'x-auth-token': header }: IncomingHttpHeaders): Identity | undefined {
    const token = Array.isArray(header) ? header[0] : header;
    if (token === undefined) return undefined;
    const digest = createHash('sha256').update(token).digest();
    let found: Identity | undefined;
    // All of them, always: how long it takes tells nothing of how close a guess was, or where in the file it stands.
    for (const known of this.tokens) if (timingSafeEqual(known.digest, digest)) found = known.identity;
    return found;
  }

  refusal(): HttpError {
    return new HttpError(401, 'Authentication required', { headers: { 'www-authenticate': 'Token realm="berth"' } });
  }
}
