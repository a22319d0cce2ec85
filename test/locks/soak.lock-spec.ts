import { describe, expect, it, jest } from '@jest/globals';
import { brokenRules } from '../support/broken-rules.js';
import type { Rule } from './history/history.js';
import { QUIET_LIMIT_MS, soak, soakOn, type SoakOptions } from './soak/soak.js';

/** Servers take their time to start on a busy machine. */
const LIMIT_MS = 600_000;

jest.setTimeout(LIMIT_MS);

const SHORT: SoakOptions = {
  ...{ operations: 3_000, seconds: 300, clients: 30, servers: 2, seed: 1, quietLimitMs: QUIET_LIMIT_MS },
  faults: { first: ['kill', 'pause', 'database crash', 'kill'], everyMs: { from: 200, to: 1_000 }, goesOn: false },
};

describe('cluster locks', () => {
  it('keep their rules while servers are killed and paused, and the database crashes', async () => {
    const { operations, faults, grants, permits, writes, violations } = await soak(SHORT);
    expect(violations).toEqual([]);
    expect(Object.fromEntries(faults)).toEqual({ kill: 2, pause: 1, 'database crash': 1 });
    // What did nothing breaks nothing.
    expect(operations).toBeGreaterThanOrEqual(SHORT.operations);
    expect(grants).toBeGreaterThan(SHORT.operations / 10);
    expect(permits).toBeGreaterThan(0);
    expect(writes.accepted).toBeGreaterThan(0);
  });
});

/** What is broken (test/locks/broken.mjs), and the rule that says so. */
const BROKEN: Readonly<Record<string, Rule>> = {
  exclusion: 'exclusion',
  lease: 'exclusion',
  order: 'order',
  changed: 'changed',
  fence: 'fence',
  leftovers: 'leftovers',
};

describe('a service that breaks', () => {
  it.each(Object.entries(BROKEN))('%s is found out', async (broken, rule) => {
    const options: SoakOptions = {
      ...{ ...SHORT, operations: 2_500, servers: 1, broken },
      ...{ faults: { first: [], everyMs: { from: 1_000, to: 1_000 }, goesOn: false } },
      quietLimitMs: rule === 'leftovers' ? 3_000 : 0,
    };
    const restart = (): Promise<never> => Promise.reject(new Error('others use this server, too'));
    const found = await brokenRules(
      ({ url }, seed) => soakOn({ url, restart }, { ...options, seed }),
      (rules) => rules.has(rule),
    );
    expect([...found]).toContain(rule);
  });
});
