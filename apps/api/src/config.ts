import type { LockRetentionOptions } from '#berth/locks';
import { readDatabase, type DatabaseAddress } from './database-config.js';
import { choice, ConfigError, flag, integer, list, type Environment } from './environment.js';
import { readAuthenticationConfig, type AuthenticationConfig } from './http/authentication/authentication-config.js';
import type { CorsConfig } from './http/cors.js';
import { readDrainDelay } from './http/health/health-config.js';
import { readLimits, type LimitsConfig } from './http/limits/limits-config.js';
import { readLogConfig, type LogConfig } from './http/log/log-config.js';
import { readMetricsAccess, type MetricsAccess } from './http/metrics/metrics-config.js';
import { MAX_MINOR, negotiate } from './http/microversion.js';
import { readPolicyConfig, type PolicyConfig } from './http/policy-config.js';
import { readTls, type TlsConfig } from './http/tls/tls.js';
import { isTraced } from './http/tracing/tracing.js';
import { readLockRetention } from './lock-retention-config.js';

/** The environment of the API process, read once. Source: docs/configuration.md. */
export interface ApiConfig {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseAddress;
  readonly policy: PolicyConfig;
  readonly authentication: AuthenticationConfig;
  readonly defaultMinor: number;
  /** Whether every change has to name the generation it saw, whatever version the client speaks. */
  readonly requireGeneration: boolean;
  readonly cors: CorsConfig;
  readonly compression: boolean;
  readonly randomizeCandidates: boolean;
  /** Stop producing candidates at this many; undefined: never. */
  readonly maxCandidates: number | undefined;
  /** How long changes are remembered for those who follow them. */
  readonly changes: { readonly retentionSeconds: number };
  readonly log: LogConfig;
  readonly metrics: MetricsAccess;
  /** How long requests are still served after the service has said that it is not ready any more: ms. */
  readonly drainDelayMs: number;
  /** Whether requests are traced. */
  readonly traced: boolean;
  readonly limits: LimitsConfig;
  /** undefined: plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** How long unused cluster locks are remembered. */
  readonly locks: LockRetentionOptions;
}

/** Every BERTH_ variable that the service knows; another one stops it, because it is a typing error. */
const KNOWN = new Set([
  'BERTH_AUTH',
  'BERTH_CHANGES_RETENTION_SECONDS',
  'BERTH_COMPRESSION',
  'BERTH_CORS_ALLOWED_HEADERS',
  'BERTH_CORS_ALLOWED_ORIGINS',
  'BERTH_DATABASE_POOLER',
  'BERTH_DATA_DIR',
  'BERTH_DEFAULT_MICROVERSION',
  'BERTH_DRAIN_DELAY_MS',
  'BERTH_IMPORT_TOKEN',
  'BERTH_INSECURE',
  'BERTH_KEYSTONE_PUBLIC_URL',
  'BERTH_LOCK_RETENTION_SECONDS',
  'BERTH_LOG_LEVEL',
  'BERTH_LOG_REQUESTS',
  'BERTH_MAX_BUFFER_MB',
  'BERTH_MAX_CANDIDATES',
  'BERTH_MAX_CONNECTIONS',
  'BERTH_MAX_REQUESTS',
  'BERTH_MAX_WAITING',
  'BERTH_METRICS',
  'BERTH_POLICY',
  'BERTH_POLICY_DEFAULTS',
  'BERTH_RANDOMIZE_CANDIDATES',
  'BERTH_RATE_LIMIT',
  'BERTH_REQUEST_TIMEOUT_SECONDS',
  'BERTH_REQUIRE_GENERATION',
  'BERTH_RESPONSE_TIMEOUT_SECONDS',
  'BERTH_SERVING_ROLE',
  'BERTH_TLS_CERT',
  'BERTH_TLS_CLIENT_CA',
  'BERTH_TLS_KEY',
  'BERTH_TOKENS_FILE',
  'BERTH_TOKEN_CACHE_SECONDS',
  'BERTH_TOKEN_STALE_SECONDS',
  'BERTH_TRUSTED_PROXIES',
  'BERTH_WORKERS',
]);

/** Every process looks at least every minute, and one that was away for a moment shall not read everything anew. */
const MIN_RETENTION_SECONDS = 600;
/** A month. */
const MAX_RETENTION_SECONDS = 2_678_400;

/** Reads and checks the environment. Throws ConfigError. */
export function readConfig(env: Environment): ApiConfig {
  for (const name of Object.keys(env)) {
    if (name.startsWith('BERTH_') && !KNOWN.has(name)) throw new ConfigError(`${name}: there is no such variable`);
  }
  const host = env.HOST || '127.0.0.1';
  return {
    host,
    port: integer(env, 'PORT', 8778, 0, 65_535),
    database: readDatabase(env),
    policy: readPolicyConfig(env),
    authentication: readAuthenticationConfig(env, host),
    defaultMinor: version(env, 'BERTH_DEFAULT_MICROVERSION'),
    requireGeneration: flag(env, 'BERTH_REQUIRE_GENERATION'),
    cors: {
      allowedOrigins: list(env.BERTH_CORS_ALLOWED_ORIGINS) ?? [],
      allowedHeaders: list(env.BERTH_CORS_ALLOWED_HEADERS),
    },
    compression: choice(env, 'BERTH_COMPRESSION', ['on', 'off'], 'on') === 'on',
    randomizeCandidates: flag(env, 'BERTH_RANDOMIZE_CANDIDATES'),
    maxCandidates: env.BERTH_MAX_CANDIDATES
      ? integer(env, 'BERTH_MAX_CANDIDATES', 0, 0, Number.MAX_SAFE_INTEGER)
      : undefined,
    locks: readLockRetention(env),
    changes: {
      retentionSeconds: integer(
        env,
        'BERTH_CHANGES_RETENTION_SECONDS',
        3_600,
        MIN_RETENTION_SECONDS,
        MAX_RETENTION_SECONDS,
      ),
    },
    log: readLogConfig(env),
    metrics: readMetricsAccess(env),
    drainDelayMs: readDrainDelay(env),
    traced: isTraced(env),
    limits: readLimits(env),
    tls: readTls(env),
  };
}

function version(env: Environment, name: string): number {
  const value = env[name];
  if (value === undefined || value === '') return 0;
  const agreed = negotiate(`placement ${value}`, 0);
  if (agreed.status === 'agreed') return agreed.minor;
  throw new ConfigError(`${name}: '${value}', expected a version from 1.0 to 1.${MAX_MINOR}, or latest`);
}
