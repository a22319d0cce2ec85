import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Refusal } from './refusal.js';

/** What the commands need of the environment, checked. */
export interface CliConfig {
  /** Undefined: Berth runs a PostgreSQL of its own. */
  readonly databaseUrl: string | undefined;
  /** Straight to the server where `databaseUrl` leads to a pooler: commands use sessions. */
  readonly databaseDirectUrl: string | undefined;
  /** Where that PostgreSQL has its data. */
  readonly postgresDirectory: string;
  readonly host: string;
  readonly port: number;
  /** Processes that serve HTTP. */
  readonly workers: number;
  /** The database role that `berth migrate` lets serve; undefined: it grants nothing. */
  readonly servingRole: string | undefined;
  /** How long they go on serving once they are told to stop: ms. */
  readonly drainDelayMs: number;
  /** Whether clients come by https. */
  readonly tls: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly expected: string;
  readonly accepts: (value: string) => boolean;
}

const flag: Setting = { expected: 'true or false', accepts: (value) => value === 'true' || value === 'false' };
const count: Setting = { expected: 'a whole number from 0', accepts: (value) => /^\d{1,15}$/.test(value) };
/** The service that uses it knows what it may say. */
const anything: Setting = { expected: 'a value', accepts: () => true };

const POOLERS = ['none', 'transaction'];

/**
 * Every variable of Berth's own; another `BERTH_` name is a mistake in writing, and would silently do nothing.
 * What each means stands in docs/configuration.md.
 */
export const BERTH_SETTINGS: Readonly<Record<string, Setting>> = {
  BERTH_AUTH: {
    expected: 'noauth, keystone or token',
    accepts: (value) => /^(noauth|keystone|token)$/.test(value),
  },
  BERTH_CHANGES_RETENTION_SECONDS: count,
  BERTH_COMPRESSION: { expected: 'on or off', accepts: (value) => value === 'on' || value === 'off' },
  BERTH_CORS_ALLOWED_HEADERS: anything,
  BERTH_CORS_ALLOWED_ORIGINS: anything,
  BERTH_DATABASE_POOLER: { expected: POOLERS.join(' or '), accepts: (value) => POOLERS.includes(value) },
  BERTH_DATA_DIR: anything,
  BERTH_DEFAULT_MICROVERSION: {
    expected: 'a version such as 1.0 or 1.39, or latest',
    accepts: (value) => /^(\d+\.\d+|latest)$/.test(value),
  },
  BERTH_DRAIN_DELAY_MS: count,
  BERTH_IMPORT_TOKEN: anything,
  BERTH_INSECURE: flag,
  BERTH_KEYSTONE_PUBLIC_URL: anything,
  BERTH_LOCK_RETENTION_SECONDS: count,
  BERTH_LOG_LEVEL: anything,
  BERTH_LOG_REQUESTS: anything,
  BERTH_MAX_BUFFER_MB: count,
  BERTH_MAX_CANDIDATES: count,
  BERTH_MAX_CONNECTIONS: count,
  BERTH_MAX_REQUESTS: count,
  BERTH_MAX_WAITING: count,
  BERTH_METRICS: anything,
  BERTH_POLICY: anything,
  BERTH_POLICY_DEFAULTS: { expected: 'secure or legacy', accepts: (value) => value === 'secure' || value === 'legacy' },
  BERTH_RANDOMIZE_CANDIDATES: flag,
  BERTH_RATE_LIMIT: anything,
  BERTH_REQUEST_TIMEOUT_SECONDS: count,
  BERTH_REQUIRE_GENERATION: flag,
  BERTH_RESPONSE_TIMEOUT_SECONDS: count,
  BERTH_SERVING_ROLE: anything,
  BERTH_TLS_CERT: anything,
  BERTH_TLS_CLIENT_CA: anything,
  BERTH_TLS_KEY: anything,
  BERTH_TOKENS_FILE: anything,
  BERTH_TOKEN_CACHE_SECONDS: count,
  BERTH_TOKEN_STALE_SECONDS: count,
  BERTH_TRUSTED_PROXIES: anything,
  BERTH_WORKERS: { expected: 'a number of processes from 1 to 64, or auto', accepts: isWorkerCount },
};

/** Upper-case names that several programs share; ours by use, not by prefix. */
const SHARED_SETTINGS: Readonly<Record<string, Setting>> = {
  DATABASE_DIRECT_URL: { expected: 'postgres://user:password@host:port/database', accepts: isPostgresUrl },
  DATABASE_URL: { expected: 'postgres://user:password@host:port/database', accepts: isPostgresUrl },
  HOST: { expected: 'a host name or address', accepts: (value) => /^[\w.:-]+$/.test(value) },
  PORT: { expected: 'a port from 1 to 65535', accepts: isPort },
};

/** Passwords stand in it. */
const SECRET = new Set(['BERTH_IMPORT_TOKEN', 'DATABASE_DIRECT_URL', 'DATABASE_URL']);

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8778;
const DEFAULT_DATA_DIR = '.berth';

/**
 * Reads and checks the environment of a command; an empty variable counts as absent. Relative directories are meant from
 * `workingDirectory`. Throws a `Refusal` that names the variable, its value, and what was expected.
 */
export function readConfig(env: Environment, workingDirectory: string): CliConfig {
  for (const [name, value] of Object.entries(env)) {
    const setting = BERTH_SETTINGS[name] ?? SHARED_SETTINGS[name];
    if (setting === undefined && name.startsWith('BERTH_')) {
      throw new Refusal(`${name}: there is no such variable; known are ${Object.keys(BERTH_SETTINGS).join(', ')}`);
    }
    if (setting === undefined || value === undefined || value === '' || setting.accepts(value)) continue;
    throw new Refusal(`${name}: '${SECRET.has(name) ? '…' : value}', expected ${setting.expected}`);
  }
  checkDatabase(env);
  return {
    databaseUrl: env.DATABASE_URL || undefined,
    databaseDirectUrl: env.DATABASE_DIRECT_URL || undefined,
    postgresDirectory: resolve(workingDirectory, env.BERTH_DATA_DIR || DEFAULT_DATA_DIR, 'postgres'),
    host: env.HOST || DEFAULT_HOST,
    port: Number(env.PORT || DEFAULT_PORT),
    workers: env.BERTH_WORKERS === 'auto' ? availableParallelism() : Number(env.BERTH_WORKERS || 1),
    servingRole: env.BERTH_SERVING_ROLE || undefined,
    drainDelayMs: Number(env.BERTH_DRAIN_DELAY_MS || 0),
    tls: Boolean(env.BERTH_TLS_CERT),
  };
}

function checkDatabase(env: Environment): void {
  if (env.BERTH_DATABASE_POOLER === 'transaction' && !env.DATABASE_DIRECT_URL) {
    throw new Refusal(
      'DATABASE_DIRECT_URL: missing, expected postgres://… straight to PostgreSQL: BERTH_DATABASE_POOLER=transaction ' +
        'says that DATABASE_URL leads to a pooler, and some of the work needs a session',
    );
  }
  if (env.DATABASE_DIRECT_URL && !env.DATABASE_URL) {
    throw new Refusal('DATABASE_URL: missing, expected postgres://… to the database that DATABASE_DIRECT_URL names');
  }
}

function isPostgresUrl(value: string): boolean {
  return /^postgres(ql)?:\/\/./.test(value);
}

function isWorkerCount(value: string): boolean {
  return value === 'auto' || (/^\d{1,2}$/.test(value) && Number(value) >= 1 && Number(value) <= 64);
}

function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
