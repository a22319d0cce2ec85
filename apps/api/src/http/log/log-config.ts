import { choice, type Environment } from '../../environment.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogConfig {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Of which requests there is a line: all, those that were answered with 400 or more, or none. */
  readonly requests: 'all' | 'errors' | 'none';
}

/** Reads what is written to the log. Throws ConfigError. Source: docs/configuration.md. */
export function readLogConfig(env: Environment): LogConfig {
  return {
    level: choice(env, 'BERTH_LOG_LEVEL', LOG_LEVELS, 'info'),
    requests: choice(env, 'BERTH_LOG_REQUESTS', ['all', 'errors', 'none'], 'all'),
  };
}
