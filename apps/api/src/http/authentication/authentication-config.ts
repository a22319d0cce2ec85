import { isIP } from 'node:net';
import { choice, ConfigError, flag, required, type Environment } from '../../environment.js';
import { readKeystoneConfig, type KeystoneConfig } from './keystone-config.js';

/** How clients prove who they are. Source: docs/authentication.md. */
export type AuthenticationConfig =
  | { readonly kind: 'noauth' }
  | { readonly kind: 'keystone'; readonly keystone: KeystoneConfig }
  | { readonly kind: 'token'; readonly tokensFile: string };

/** Reads and checks how the clients of a service that listens on `host` prove who they are. Throws ConfigError. */
export function readAuthenticationConfig(env: Environment, host: string): AuthenticationConfig {
  const kind = choice(env, 'BERTH_AUTH', ['noauth', 'keystone', 'token'], 'noauth');
  switch (kind) {
    case 'noauth':
      checkHost(env, host);
      return { kind };
    case 'keystone':
      return { kind, keystone: readKeystoneConfig(env) };
    case 'token':
      return { kind, tokensFile: required(env, 'BERTH_TOKENS_FILE', 'the path of a file with tokens') };
  }
}

function checkHost(env: Environment, host: string): void {
  if (isLoopback(host) || flag(env, 'BERTH_INSECURE')) return;
  throw new ConfigError(
    `HOST: ${host} can be reached from outside and BERTH_AUTH=noauth lets everybody be admin; ` +
      'listen on 127.0.0.1, set BERTH_AUTH to keystone or token, or BERTH_INSECURE=true where something else keeps strangers out',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
