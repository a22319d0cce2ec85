import { choice, type Environment } from '../../environment.js';

/**
 * Who may read the metrics: programs on this machine and tokens that the policy allows it, everybody, or nobody.
 */
export type MetricsAccess = 'local' | 'open' | 'off';

/** Throws ConfigError. Source: docs/configuration.md. */
export function readMetricsAccess(env: Environment): MetricsAccess {
  return choice(env, 'BERTH_METRICS', ['local', 'open', 'off'], 'local');
}
