import { integer, type Environment } from '../../environment.js';

/** Longer no balancer takes to notice, and whoever stops the service waits for it: ms. */
const MAX_DRAIN_DELAY_MS = 600_000;

/** For how long the service goes on serving after it has said that it is not ready any more: ms. Throws ConfigError. */
export function readDrainDelay(env: Environment): number {
  return integer(env, 'BERTH_DRAIN_DELAY_MS', 0, 0, MAX_DRAIN_DELAY_MS);
}
