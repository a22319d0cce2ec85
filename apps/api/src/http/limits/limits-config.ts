import { BlockList, isIP } from 'node:net';
import { ConfigError, integer, list, type Environment } from '../../environment.js';

/** What a process takes on, and for how long it waits for its clients. Source: docs/limits.md. */
export interface LimitsConfig {
  /** Requests under way at once, those that wait on purpose left out. */
  readonly maxRequests: number;
  /** Streams of events and requests that wait on purpose, at once. */
  readonly maxWaiting: number;
  /** Bytes of large bodies that are coming in and large answers that are not taken yet, together. */
  readonly maxHeldBytes: number;
  /** 0: as many as the system gives. */
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly responseTimeoutMs: number;
  /** undefined: no client is limited. */
  readonly rate: RateLimit | undefined;
  /** Whether users are proven to be who they say, so that each has a rate of its own wherever it comes from. */
  readonly usersAreProven: boolean;
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/** So many requests at once, and so many in so many seconds. */
export interface RateLimit {
  readonly requests: number;
  readonly seconds: number;
}

/** Each costs some 10 KB and a place behind the database: more would wait longer than their clients do. */
const DEFAULT_MAX_REQUESTS = 2_000;

const DEFAULT_MAX_WAITING = 5_000;

/** Some 300 answers of 1,000 candidates. */
const DEFAULT_MAX_HELD_MB = 256;

/** Idle, each costs some 20 KB. */
const DEFAULT_MAX_CONNECTIONS = 10_000;

const DEFAULT_REQUEST_TIMEOUT_SECONDS = 30;
const DEFAULT_RESPONSE_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 3_600;

const MANY = 1_000_000;

/** Reads and checks the settings of limits. Throws ConfigError. */
export function readLimits(env: Environment): LimitsConfig {
  const seconds = (name: string, fallback: number): number => integer(env, name, fallback, 1, MAX_TIMEOUT_SECONDS);
  return {
    maxRequests: integer(env, 'BERTH_MAX_REQUESTS', DEFAULT_MAX_REQUESTS, 1, MANY),
    maxWaiting: integer(env, 'BERTH_MAX_WAITING', DEFAULT_MAX_WAITING, 0, MANY),
    maxHeldBytes: integer(env, 'BERTH_MAX_BUFFER_MB', DEFAULT_MAX_HELD_MB, 1, MANY) * 1024 * 1024,
    maxConnections: integer(env, 'BERTH_MAX_CONNECTIONS', DEFAULT_MAX_CONNECTIONS, 0, MANY),
    requestTimeoutMs: seconds('BERTH_REQUEST_TIMEOUT_SECONDS', DEFAULT_REQUEST_TIMEOUT_SECONDS) * 1_000,
    responseTimeoutMs: seconds('BERTH_RESPONSE_TIMEOUT_SECONDS', DEFAULT_RESPONSE_TIMEOUT_SECONDS) * 1_000,
    rate: rateLimit(env.BERTH_RATE_LIMIT),
    usersAreProven: (env.BERTH_AUTH || 'noauth') !== 'noauth',
    trustedProxies: proxies(env.BERTH_TRUSTED_PROXIES),
  };
}

function rateLimit(value: string | undefined): RateLimit | undefined {
  if (value === undefined || value === '') return undefined;
  const [, requests, seconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,4})$/.exec(value) ?? [];
  if (requests !== undefined) return { requests: Number(requests), seconds: Number(seconds) };
  throw new ConfigError(`BERTH_RATE_LIMIT: '${value}', expected <requests>/<seconds> such as 100/1`);
}

function proxies(value: string | undefined): readonly string[] {
  const named = list(value) ?? [];
  for (const one of named) {
    if (!isNetwork(one)) {
      throw new ConfigError(`BERTH_TRUSTED_PROXIES: '${one}', expected addresses or networks such as 10.0.0.0/8`);
    }
  }
  return named;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^\d{1,3}$/.test(bits)) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}
