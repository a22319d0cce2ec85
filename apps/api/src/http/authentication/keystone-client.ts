import type { KeystoneConfig } from './keystone-config.js';
import { KeystoneConnection, type KeystoneReply } from './keystone-connection.js';
import { readExpiry, readToken, type ValidatedToken } from './keystone-token.js';
import { KeystoneUnavailable } from './keystone-unavailable.js';

/** So long before its end our own token is renewed, so that none ends on its way: ms. */
const RENEW_BEFORE_MS = 60_000;

/** Tokens of less than ten minutes would be renewed too often by that; they are when a tenth of their time is left. */
const RENEW_PART = 10;

/** A refused password is not tried with every request: Keystone may lock the account. ms. */
const REFUSED_PAUSE_MS = 30_000;

interface ServiceToken {
  readonly value: string;
  readonly renewAtMs: number;
}

/** Asks Keystone about tokens, as the service user. */
export class KeystoneClient {
  private readonly connection: KeystoneConnection;
  private current: ServiceToken | undefined;
  private login: Promise<ServiceToken> | undefined;
  private refusal: { readonly error: KeystoneUnavailable; readonly untilMs: number } | undefined;

  constructor(private readonly config: KeystoneConfig) {
    this.connection = new KeystoneConnection(config.ca);
  }

  /**
   * What Keystone says of a token; undefined: it is none, or no longer. With `allowExpired` tokens count that ended within
   * the window which Keystone grants to services. Throws KeystoneUnavailable.
   */
  async validate(token: string, allowExpired: boolean): Promise<ValidatedToken | undefined> {
    const first = await this.serviceToken();
    let reply = await this.show(first, token, allowExpired);
    if (reply.status === 401) {
      // Ours was revoked, or Keystone has new keys.
      if (this.current === first) this.current = undefined;
      reply = await this.show(await this.serviceToken(), token, allowExpired);
    }
    switch (reply.status) {
      case 200:
        return readToken(reply.text);
      // Keystone says 400 where what should be a token can't be one.
      case 400:
      case 404:
        return undefined;
      case 401:
        this.current = undefined;
        throw new KeystoneUnavailable("it does not take the service user's token although that is new");
      case 403:
        throw new KeystoneUnavailable('the service user may not validate tokens: give it the role service');
      default:
        throw new KeystoneUnavailable(`status ${reply.status} when asked about a token`);
    }
  }

  /** Logs in unless that is done, so that what is wrong with the service user is known before somebody waits for it. */
  async prepare(): Promise<void> {
    await this.serviceToken();
  }

  private show(service: ServiceToken, token: string, allowExpired: boolean): Promise<KeystoneReply> {
    return this.connection.ask(`${this.config.url}/auth/tokens?nocatalog${allowExpired ? '&allow_expired=1' : ''}`, {
      method: 'GET',
      headers: { 'x-auth-token': service.value, 'x-subject-token': token },
    });
  }

  private async serviceToken(): Promise<ServiceToken> {
    if (this.current !== undefined && Date.now() < this.current.renewAtMs) return this.current;
    this.login ??= this.logIn().finally(() => (this.login = undefined));
    return (this.current = await this.login);
  }

  private async logIn(): Promise<ServiceToken> {
    if (this.refusal !== undefined && Date.now() < this.refusal.untilMs) throw this.refusal.error;
    const { status, subjectToken, text } = await this.connection.ask(`${this.config.loginUrl}/auth/tokens?nocatalog`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: this.config.login,
    });
    if (status === 401 || status === 403) {
      const error = new KeystoneUnavailable(
        `it refuses the service user (status ${status}): look at the OS_ variables`,
      );
      this.refusal = { error, untilMs: Date.now() + REFUSED_PAUSE_MS };
      throw error;
    }
    if (status !== 201 || subjectToken === undefined) throw new KeystoneUnavailable(`status ${status} at the login`);
    const expiresAtMs = readExpiry(text);
    const margin = Math.min(RENEW_BEFORE_MS, (expiresAtMs - Date.now()) / RENEW_PART);
    return { value: subjectToken, renewAtMs: expiresAtMs - margin };
  }
}
