import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../environment.js';
import { readKeystoneConfig } from './keystone-config.js';

const PASSWORD = {
  OS_AUTH_URL: 'https://id.example.com:5000',
  OS_USERNAME: 'placement',
  OS_PASSWORD: 'secret',
  OS_PROJECT_NAME: 'service',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

const CREDENTIAL = {
  OS_AUTH_TYPE: 'v3applicationcredential',
  OS_AUTH_URL: 'https://id.example.com:5000',
  OS_APPLICATION_CREDENTIAL_ID: 'c1',
  OS_APPLICATION_CREDENTIAL_SECRET: 'secret',
};

const loginOf = (env: Record<string, string>): unknown => JSON.parse(readKeystoneConfig(env).login);

describe('readKeystoneConfig (docs/authentication.md)', () => {
  it('needs an address and a service user', () => {
    expect(readKeystoneConfig(PASSWORD)).toMatchObject({
      url: 'https://id.example.com:5000/v3',
      loginUrl: 'https://id.example.com:5000/v3',
      publicUrl: 'https://id.example.com:5000',
      ca: undefined,
      cacheSeconds: 300,
      staleSeconds: 600,
    });
    expect(loginOf(PASSWORD)).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'placement', domain: { name: 'Default' }, password: 'secret' } },
        },
        scope: { project: { name: 'service', domain: { name: 'Default' } } },
      },
    });
  });

  it.each([
    'https://id.example.com:5000',
    'https://id.example.com:5000/',
    'https://id.example.com:5000/v3',
    'https://id.example.com:5000/v3/',
  ])('takes %s', (address) => {
    expect(readKeystoneConfig({ ...PASSWORD, OS_AUTH_URL: address }).url).toBe('https://id.example.com:5000/v3');
  });

  it('takes another address for validation, and another one for clients', () => {
    const config = readKeystoneConfig({
      ...PASSWORD,
      KEYSTONE_URL: 'http://10.0.0.1/identity',
      BERTH_KEYSTONE_PUBLIC_URL: 'https://cloud/identity/v3',
      BERTH_TOKEN_CACHE_SECONDS: '0',
      BERTH_TOKEN_STALE_SECONDS: '5',
    });
    expect(config).toMatchObject({
      url: 'http://10.0.0.1/identity/v3',
      loginUrl: 'https://id.example.com:5000/v3',
      publicUrl: 'https://cloud/identity/v3',
      cacheSeconds: 0,
      staleSeconds: 5,
    });
    expect(readKeystoneConfig({ ...PASSWORD, OS_AUTH_URL: '', KEYSTONE_URL: 'http://k' }).loginUrl).toBe('http://k/v3');
  });

  it('takes ids instead of names', () => {
    const login = loginOf({ OS_AUTH_URL: 'http://k', OS_USER_ID: 'u', OS_PASSWORD: 'p', OS_PROJECT_ID: 'x' });
    expect(login).toMatchObject({
      auth: { identity: { password: { user: { id: 'u', password: 'p' } } }, scope: { project: { id: 'x' } } },
    });
    const domains = { ...PASSWORD, OS_USER_DOMAIN_ID: 'default', OS_PROJECT_DOMAIN_ID: 'default' };
    expect(loginOf(domains)).toMatchObject({
      auth: {
        identity: { password: { user: { domain: { id: 'default' } } } },
        scope: { project: { domain: { id: 'default' } } },
      },
    });
  });

  it('takes an application credential, by id or by name; it has its own scope', () => {
    expect(loginOf(CREDENTIAL)).toEqual({
      auth: {
        identity: { methods: ['application_credential'], application_credential: { id: 'c1', secret: 'secret' } },
      },
    });
    const { OS_APPLICATION_CREDENTIAL_ID: _, ...byName } = { ...CREDENTIAL, OS_APPLICATION_CREDENTIAL_NAME: 'berth' };
    expect(loginOf({ ...byName, OS_USERNAME: 'u', OS_USER_DOMAIN_NAME: 'd' })).toMatchObject({
      auth: {
        identity: {
          application_credential: { name: 'berth', secret: 'secret', user: { name: 'u', domain: { name: 'd' } } },
        },
      },
    });
  });

  it.each([
    ...Object.keys(PASSWORD).map((name) => [PASSWORD, name, ''] as const),
    ...Object.keys(CREDENTIAL)
      .filter((name) => name.startsWith('OS_APP'))
      .map((name) => [CREDENTIAL, name, ''] as const),
    [PASSWORD, 'OS_AUTH_URL', 'id.example.com'],
    [PASSWORD, 'OS_AUTH_URL', 'ftp://id.example.com'],
    [PASSWORD, 'OS_AUTH_URL', 'http://id.example.com/v2.0'],
    [PASSWORD, 'OS_AUTH_URL', 'http://me:secret@id.example.com'],
    [PASSWORD, 'KEYSTONE_URL', 'http://id.example.com?x'],
    [PASSWORD, 'BERTH_KEYSTONE_PUBLIC_URL', 'here'],
    [PASSWORD, 'OS_AUTH_TYPE', 'v2password'],
    [PASSWORD, 'OS_CACERT', '/does/not/exist'],
    [PASSWORD, 'BERTH_TOKEN_CACHE_SECONDS', '86401'],
    [PASSWORD, 'BERTH_TOKEN_STALE_SECONDS', '-1'],
  ] as const)('stops, and names in one line without any secret what is wrong (%#: %j)', (env, name, value) => {
    const start = () => readKeystoneConfig({ ...env, [name]: value });
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(new RegExp(`^${name}: [^\n]+$`));
    expect(start).not.toThrow(/secret@/);
  });

  it('stops at a file without certificates', () => {
    const directory = mkdtempSync(join(tmpdir(), 'berth-ca-'));
    const path = join(directory, 'ca.pem');
    for (const text of ['', '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n']) {
      writeFileSync(path, text);
      expect(() => readKeystoneConfig({ ...PASSWORD, OS_CACERT: path })).toThrow(/^OS_CACERT: [^\n]+$/);
    }
    rmSync(directory, { recursive: true });
  });
});
