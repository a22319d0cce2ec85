import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { choice, ConfigError, integer, required, type Environment } from '../../environment.js';

/** Where Keystone is, who we are there, and how long its answers hold. */
export interface KeystoneConfig {
  /** Where tokens are validated: `…/v3`. */
  readonly url: string;
  /** Where the service user logs in: `…/v3`. */
  readonly loginUrl: string;
  /** What clients without a token are pointed to. */
  readonly publicUrl: string;
  /** What the service user sends to log in, as JSON. There is a secret in it. */
  readonly login: string;
  /** Certificates that https is trusted by instead of the system's, as PEM. */
  readonly ca: string | undefined;
  /** How long an answer is believed: the longest time for which a revoked token still works. */
  readonly cacheSeconds: number;
  /** How long it is believed beyond that while Keystone does not answer. */
  readonly staleSeconds: number;
}

const DEFAULT_CACHE_SECONDS = 300;
const DEFAULT_STALE_SECONDS = 600;
/** A day: who wants tokens to be believed longer does not want Keystone to decide. */
const MAX_SECONDS = 86_400;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads and checks what BERTH_AUTH=keystone needs; names as OpenStack's clients have them. Throws ConfigError. */
export function readKeystoneConfig(env: Environment): KeystoneConfig {
  const urlName = env.KEYSTONE_URL ? 'KEYSTONE_URL' : 'OS_AUTH_URL';
  const url = versioned(env, urlName);
  return {
    url,
    loginUrl: env.OS_AUTH_URL ? versioned(env, 'OS_AUTH_URL') : url,
    publicUrl: env.BERTH_KEYSTONE_PUBLIC_URL
      ? webUrl(env, 'BERTH_KEYSTONE_PUBLIC_URL')
      : // Clients look for the version themselves.
        url.replace(/\/v3$/, ''),
    login: JSON.stringify({ auth: loginOf(env) }),
    ca: readCertificates(env),
    cacheSeconds: integer(env, 'BERTH_TOKEN_CACHE_SECONDS', DEFAULT_CACHE_SECONDS, 0, MAX_SECONDS),
    staleSeconds: integer(env, 'BERTH_TOKEN_STALE_SECONDS', DEFAULT_STALE_SECONDS, 0, MAX_SECONDS),
  };
}

/** With `/v3` at its end, which may be there already. */
function versioned(env: Environment, name: string): string {
  const url = webUrl(env, name);
  if (/\/v2(\.0)?$/.test(url)) throw new ConfigError(`${name}: '${url}', expected the address of Keystone's v3 API`);
  return url.endsWith('/v3') ? url : `${url}/v3`;
}

/** Without a slash at its end. */
function webUrl(env: Environment, name: string): string {
  const expected = "Keystone's address, such as https://keystone.example.com:5000";
  const value = required(env, name, expected);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.username || url?.password) throw new ConfigError(`${name}: expected an address without user and password`);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new ConfigError(`${name}: '${value}', expected ${expected}`);
  }
  return url.href.replace(/\/+$/, '');
}

function loginOf(env: Environment): object {
  const kind = choice(env, 'OS_AUTH_TYPE', ['password', 'v3password', 'v3applicationcredential'], 'password');
  if (kind === 'v3applicationcredential') {
    return {
      identity: { methods: ['application_credential'], application_credential: applicationCredentialOf(env) },
    };
  }
  const user = { ...userOf(env), password: required(env, 'OS_PASSWORD', 'the password of the service user') };
  return { identity: { methods: ['password'], password: { user } }, scope: { project: projectOf(env) } };
}

function applicationCredentialOf(env: Environment): object {
  const secret = required(env, 'OS_APPLICATION_CREDENTIAL_SECRET', 'the secret of the application credential');
  const id = env.OS_APPLICATION_CREDENTIAL_ID;
  if (id) return { id, secret };
  const name = env.OS_APPLICATION_CREDENTIAL_NAME;
  if (name) return { name, secret, user: userOf(env) };
  throw new ConfigError(
    'OS_APPLICATION_CREDENTIAL_ID: missing, expected the id of an application credential ' +
      '(or OS_APPLICATION_CREDENTIAL_NAME and the user)',
  );
}

function userOf(env: Environment): object {
  if (env.OS_USER_ID) return { id: env.OS_USER_ID };
  const name = required(env, 'OS_USERNAME', 'the name of the service user');
  return { name, domain: domainOf(env, 'OS_USER_DOMAIN', 'user') };
}

function projectOf(env: Environment): object {
  if (env.OS_PROJECT_ID) return { id: env.OS_PROJECT_ID };
  const name = required(env, 'OS_PROJECT_NAME', 'the project in which the service user has the role service');
  return { name, domain: domainOf(env, 'OS_PROJECT_DOMAIN', 'project') };
}

function domainOf(env: Environment, prefix: string, whose: string): object {
  const id = env[`${prefix}_ID`];
  return id
    ? { id }
    : { name: required(env, `${prefix}_NAME`, `the domain of the service ${whose}, often Default (or ${prefix}_ID)`) };
}

function readCertificates(env: Environment): string | undefined {
  const path = env.OS_CACERT;
  if (!path) return undefined;
  try {
    const ca = readFileSync(path, 'utf8');
    const certificates = ca.match(CERTIFICATE) ?? [];
    if (certificates.length === 0) throw new Error('there is none in it');
    // The connection would leave out what it can't read, and say nothing.
    for (const certificate of certificates) new X509Certificate(certificate);
    return ca;
  } catch (error) {
    throw new ConfigError(`OS_CACERT: '${path}', expected a file with certificates: ${(error as Error).message}`);
  }
}
