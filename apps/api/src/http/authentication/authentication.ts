import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from '../http-error.js';
import { identifyWithoutProof, type Identity } from '../identity.js';
import type { AuthenticationConfig } from './authentication-config.js';
import { KeystoneAuthentication } from './keystone-authentication.js';
import { TokenAuthentication } from './token-authentication.js';

/** How the service finds out who asks. */
export interface Authentication {
  /**
   * Who asks, by the headers of a request; undefined: nobody that is known. Answers at once where that is known already,
   * because most requests come with a token that was seen before. Rejects with an HttpError where it can't be found out.
   */
  identify(headers: IncomingHttpHeaders): Identity | undefined | Promise<Identity | undefined>;
  /** What nobody is told: 401, and how to become somebody. */
  refusal(): HttpError;
}

/** Opens what the configuration names. Throws ConfigError where a file that it names can't be used. */
export function openAuthentication(config: AuthenticationConfig): Authentication {
  switch (config.kind) {
    case 'noauth':
      return WITHOUT_PROOF;
    case 'keystone':
      return new KeystoneAuthentication(config.keystone);
    case 'token':
      return new TokenAuthentication(config.tokensFile);
  }
}

const WITHOUT_PROOF: Authentication = {
  identify: identifyWithoutProof,
  refusal: () => new HttpError(401, 'Authentication required'),
};
