import { describe, expect, it, jest } from '@jest/globals';
import { brokenRules } from '../support/broken-rules.js';
import type { Fault } from './soak/faults.js';
import { soak, soakOn, type SoakOptions } from './soak/soak.js';

/** Servers take their time to start on a busy machine, and each fault has limits of its own. */
jest.setTimeout(600_000);

/** One of each sort; what needs long waits is left to the long form. */
const FAULTS: readonly Fault[] = [
  'cut after commit',
  'kill a worker',
  'crash the database',
  'slow database',
  'kill a server',
  'no connections',
  'cut before commit',
  'hold rows',
];

/** Only root may make disks that can be filled: elsewhere nobody would want them to be. */
const ON_SMALL_DISKS: readonly Fault[] = process.getuid?.() === 0 ? ['tables full', 'log full'] : [];

const SHORT: SoakOptions = {
  ...{ clients: 12, services: [1, 2], faults: [...FAULTS, ...ON_SMALL_DISKS], seconds: Infinity, seed: 1, pauseMs: 20 },
  ...{ limits: { holdMs: { from: 200, to: 800 }, statementMs: 1_500 }, writes: { from: 20, to: 60 } },
  recoveryLimitMs: 60_000,
};

describe('a service on which much is done wrong', () => {
  it('keeps what it promised, and comes back each time', async () => {
    const { acknowledged, faults, felt, violations } = await soak(SHORT, 192);
    expect(violations).toEqual([]);
    expect([...faults.keys()].sort()).toEqual([...SHORT.faults].sort());
    // What nobody notices proves nothing.
    expect(felt.size).toBeGreaterThan(faults.size / 2);
    expect(acknowledged).toBeGreaterThan(100);
  });
});

/** Enough for full providers, slots that come and go, and locks that change hands; and what is enough for a cut. */
const MANY = { from: 80, to: 100 };
const FEW = { from: 20, to: 30 };

interface Broken {
  /** What says so: of each line one rule. */
  readonly signs: readonly (readonly string[])[];
  readonly writes: SoakOptions['writes'];
}

/**
 * What is broken (soak/broken.mjs). What nothing else can be taken for is broken at once: a server takes longer to start than
 * to be found out.
 */
const BROKEN: Readonly<Record<string, Broken>> = {
  early: { signs: [['lost']], writes: FEW },
  hasty: { signs: [['lost', 'invented']], writes: FEW },
  parts: { signs: [['lost']], writes: FEW },
  'capacity,slots,fence,feed,pool': {
    signs: [['counters'], ['slots'], ['fence'], ['feed'], ['connections']],
    writes: MANY,
  },
};

describe('a service that loses what it promised', () => {
  it.each(Object.entries(BROKEN))('is found out: %s', async (broken, { signs, writes }) => {
    const faults: readonly Fault[] = ['cut after commit', 'cut before commit', 'cut after commit'];
    const missed = (found: ReadonlySet<string>): Broken['signs'] =>
      signs.filter((rules) => !rules.some((rule) => found.has(rule)));
    const found = await brokenRules(
      (database, seed) => soakOn(database, { ...SHORT, faults, services: [1], writes, broken, seed }),
      (rules) => missed(rules).length === 0,
    );
    expect(missed(found)).toEqual([]);
  });
});
