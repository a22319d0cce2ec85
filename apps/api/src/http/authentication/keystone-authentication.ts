import type { IncomingHttpHeaders } from 'node:http';
import { Logger } from '@nestjs/common';
import { HttpError } from '../http-error.js';
import type { Identity } from '../identity.js';
import type { Authentication } from './authentication.js';
import { KeystoneClient } from './keystone-client.js';
import type { KeystoneConfig } from './keystone-config.js';
import { Outage } from './outage.js';
import { TokenCache } from './token-cache.js';

/** Who has it may act with tokens that ended while they were at work. */
const SERVICE_ROLE = 'service';

/** Longer ones, and other characters, Keystone never gave out: it needn't be asked. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** Believes what Keystone says of a token, and nothing that a client says of itself. Source: docs/authentication.md. */
export class KeystoneAuthentication implements Authentication {
  private readonly cache: TokenCache;
  private readonly challenge: string;

  constructor(config: KeystoneConfig) {
    const logger = new Logger('Keystone');
    const client = new KeystoneClient(config);
    const outage = new Outage({ now: Date.now, say: (line) => logger.warn(line) });
    this.challenge = `Keystone uri="${config.publicUrl}"`;
    this.cache = new TokenCache((token, allowExpired) => outage.ask(() => client.validate(token, allowExpired)), {
      cacheMs: config.cacheSeconds * 1_000,
      staleMs: config.staleSeconds * 1_000,
      now: Date.now,
    });
    // Keystone may well start after us: whatever is wrong is told, and tried again with the first request.
    outage.ask(() => client.prepare()).catch(() => undefined);
  }

  identify(headers: IncomingHttpHeaders): Identity | undefined | Promise<Identity | undefined> {
    const token = tokenIn(headers['x-auth-token']);
    const serviceToken = headers['x-service-token'];
    if (serviceToken !== undefined && serviceToken !== '') return this.identifyForService(token, serviceToken);
    return token === undefined ? undefined : this.cache.find(token, false);
  }

  refusal(): HttpError {
    return new HttpError(401, 'The request you have made requires authentication.', {
      keystoneForm: true,
      headers: { 'www-authenticate': this.challenge },
    });
  }

  /** A service acts for a user: it has to prove itself too, and the user's token may have ended in the meantime. */
  private async identifyForService(
    token: string | undefined,
    serviceHeader: string | string[],
  ): Promise<Identity | undefined> {
    const serviceToken = tokenIn(serviceHeader);
    if (serviceToken === undefined) return undefined;
    const service = await this.cache.find(serviceToken, false);
    if (service === undefined || token === undefined) return undefined;
    return await this.cache.find(token, service.roles.has(SERVICE_ROLE));
  }
}

/** undefined: there is none that could be one. */
function tokenIn(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value !== undefined && TOKEN.test(value) ? value : undefined;
}
