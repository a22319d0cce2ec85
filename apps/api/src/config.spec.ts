import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { ConfigError } from './environment.js';

const DATABASE_URL = 'postgres://u:p@db/berth';

const read = (env: Record<string, string>) => readConfig({ DATABASE_URL, ...env });

describe('readConfig (docs/configuration.md)', () => {
  it('needs a database and nothing else', () => {
    const defaults = {
      host: '127.0.0.1',
      port: 8778,
      database: { url: DATABASE_URL, directUrl: undefined, isPooled: false },
      policy: { defaults: 'secure', file: undefined },
      authentication: { kind: 'noauth' },
      defaultMinor: 0,
      cors: { allowedOrigins: [], allowedHeaders: undefined },
      compression: true,
      randomizeCandidates: false,
      maxCandidates: undefined,
      changes: { retentionSeconds: 3600 },
      log: { level: 'info', requests: 'all' },
      metrics: 'local',
      drainDelayMs: 0,
      traced: false,
    };
    expect(read({})).toMatchObject(defaults);
    const unset = ['HOST', 'PORT', 'BERTH_POLICY', 'BERTH_DEFAULT_MICROVERSION', 'BERTH_MAX_CANDIDATES', 'BERTH_AUTH'];
    expect(read(Object.fromEntries(unset.map((name) => [name, ''])))).toMatchObject(defaults);
  });

  it('takes what is set', () => {
    const config = read({
      HOST: '::1',
      PORT: '0',
      BERTH_POLICY: 'legacy',
      BERTH_DEFAULT_MICROVERSION: 'latest',
      BERTH_COMPRESSION: 'off',
      BERTH_CORS_ALLOWED_ORIGINS: 'http://a, http://b,',
      BERTH_CORS_ALLOWED_HEADERS: 'x-a',
      BERTH_RANDOMIZE_CANDIDATES: 'true',
      BERTH_MAX_CANDIDATES: '1000',
      BERTH_CHANGES_RETENTION_SECONDS: '86400',
      BERTH_LOG_LEVEL: 'debug',
      BERTH_LOG_REQUESTS: 'errors',
      BERTH_METRICS: 'off',
      BERTH_DRAIN_DELAY_MS: '5000',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
      BERTH_DATABASE_POOLER: 'transaction',
      DATABASE_DIRECT_URL: 'postgres://u:p@primary/berth',
      OTHER: 'ignored',
    });
    expect(config).toMatchObject({
      host: '::1',
      port: 0,
      policy: { defaults: 'legacy', file: undefined },
      defaultMinor: 39,
      cors: { allowedOrigins: ['http://a', 'http://b'], allowedHeaders: ['x-a'] },
      compression: false,
      randomizeCandidates: true,
      maxCandidates: 1000,
      changes: { retentionSeconds: 86_400 },
      log: { level: 'debug', requests: 'errors' },
      metrics: 'off',
      drainDelayMs: 5_000,
      traced: true,
      database: { url: DATABASE_URL, directUrl: 'postgres://u:p@primary/berth', isPooled: true },
    });
    expect(read({ BERTH_DEFAULT_MICROVERSION: '1.15' }).defaultMinor).toBe(15);
  });

  it('takes a policy file, with defaults of its own', () => {
    expect(read({ BERTH_POLICY: 'policy.yaml' }).policy).toEqual({ defaults: 'secure', file: 'policy.yaml' });
    const legacy = read({ BERTH_POLICY: '/etc/berth/policy', BERTH_POLICY_DEFAULTS: 'legacy' });
    expect(legacy.policy).toEqual({ defaults: 'legacy', file: '/etc/berth/policy' });
    expect(() => read({ BERTH_POLICY: 'p.yaml', BERTH_POLICY_DEFAULTS: 'open' })).toThrow(/^BERTH_POLICY_DEFAULTS: /);
  });

  it('refuses a pooler without a way past it, and says what is missing', () => {
    expect(() => read({ BERTH_DATABASE_POOLER: 'transaction' })).toThrow(
      /^DATABASE_DIRECT_URL: missing, expected postgres:/,
    );
  });

  it.each([
    ['DATABASE_URL', ''],
    ['BERTH_DATABASE_POOLER', 'session'],
    ['PORT', '-1'],
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['BERTH_POLICY', 'strict'],
    ['BERTH_POLICY_DEFAULTS', 'legacy'],
    ['BERTH_DEFAULT_MICROVERSION', '1.40'],
    ['BERTH_DEFAULT_MICROVERSION', '2'],
    ['BERTH_RANDOMIZE_CANDIDATES', 'yes'],
    ['BERTH_MAX_CANDIDATES', '-1'],
    ['BERTH_CHANGES_RETENTION_SECONDS', '599'],
    ['BERTH_AUTH', 'basic'],
    ['OS_AUTH_URL', '', { BERTH_AUTH: 'keystone' }],
    ['BERTH_TOKENS_FILE', '', { BERTH_AUTH: 'token' }],
    ['BERTH_LOG_LEVEL', 'trace'],
    ['BERTH_LOG_REQUESTS', 'some'],
    ['BERTH_METRICS', 'on'],
    ['BERTH_DRAIN_DELAY_MS', '600001'],
    ['BERTH_POLCY', 'open'],
  ])('stops at %s=%s, and names it in one line', (name, value, env: Readonly<Record<string, string>> = {}) => {
    const start = () => read({ ...env, [name]: value });
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(new RegExp(`^${name}: [^\n]+$`));
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'berth.example.com', '127.example.com'])(
    'does not listen on %s while everybody may be admin',
    (HOST) => {
      expect(() => read({ HOST })).toThrow(/^HOST: /);
      expect(read({ HOST, BERTH_INSECURE: 'true' }).host).toBe(HOST);
    },
  );

  it('listens anywhere where clients prove who they are', () => {
    const env = { HOST: '0.0.0.0', BERTH_AUTH: 'token', BERTH_TOKENS_FILE: 'tokens.yaml' };
    expect(read(env)).toMatchObject({
      host: '0.0.0.0',
      authentication: { kind: 'token', tokensFile: 'tokens.yaml' },
    });
  });

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('listens on %s', (HOST) => {
    expect(read({ HOST }).host).toBe(HOST);
  });
});
