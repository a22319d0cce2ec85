/**
 * `npm run soak:faults -- [--seconds n] [--clients n] [--seed n] [--only fault,fault] [--broken rule]`: clients claim,
 * change and remove through three services while processes, connections, disks and the database fail. Exits with 1 if
 * anything happened that must not. The seed repeats what clients and faults want, not how they meet.
 */
import { parseArgs } from 'node:util';
import { Random } from '../../support/random.js';
import { FAULTS, type Fault } from './faults.js';
import { slopePerMinute } from './memory.js';
import { soak, type SoakReport } from './soak.js';

const MAX_SHOWN = 40;
const ROUNDS = 100;
const MEGABYTES = 512;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '900' },
    clients: { type: 'string', default: '32' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    only: { type: 'string' },
    broken: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** All faults in another order each time. */
function plan(seed: number): Fault[] {
  const random = new Random(seed);
  const wanted = FAULTS.filter((fault) => values.only === undefined || values.only.split(',').includes(fault));
  return Array.from({ length: ROUNDS }, () => shuffled(wanted, random)).flat();
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const quantile = (sorted: readonly number[], part: number): string =>
  `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)}`;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function tell(report: SoakReport): void {
  const { counts, faults, felt, recoveries, courses, acknowledged, unknown, happened, violations, seconds } = report;
  say(`\n| request: outcome | times |\n|---|--:|`);
  for (const [what, times] of [...counts].sort(([a], [b]) => a.localeCompare(b))) say(`| ${what} | ${times} |`);
  say(`\n| fault | times | felt | back after: p50 ms | p99 ms | most ms |\n|---|--:|--:|--:|--:|--:|`);
  const rows: [string, number, number, readonly number[]][] = [...faults].map(([fault, times]) => {
    const of = recoveries.filter((one) => one.fault === fault).map(({ ms }) => ms);
    return [fault, times, felt.get(fault) ?? 0, of];
  });
  const sum = (of: ReadonlyMap<Fault, number>): number => [...of.values()].reduce((total, times) => total + times, 0);
  for (const [fault, times, feltTimes, of] of [
    ...rows,
    ['all', sum(faults), sum(felt), recoveries.map(({ ms }) => ms)] as const,
  ]) {
    const sorted = [...of].sort((a, b) => a - b);
    const figures = [0.5, 0.99, 1].map((part) => quantile(sorted, part)).join(' | ');
    say(`| ${fault} | ${times} | ${feltTimes} | ${figures} |`);
  }
  say(`\n| process | weighed | in use, first MB | last MB | MB a minute | RSS, first MB | last MB | MB a minute |`);
  say(`|---|--:|--:|--:|--:|--:|--:|--:|`);
  for (const course of courses) {
    const [first, last] = [course[0], course.at(-1)];
    const used = [megabytes(first?.used ?? 0), megabytes(last?.used ?? 0), megabytes(slopePerMinute(course, 'used'))];
    const rss = [megabytes(first?.rss ?? 0), megabytes(last?.rss ?? 0), megabytes(slopePerMinute(course, 'rss'))];
    say(`| ${first?.pid} | ${course.length} | ${[...used, ...rss].join(' | ')} |`);
  }
  say(`\n${acknowledged} acknowledged, ${unknown} of unknown fate, of which ${happened} had happened`);
  for (const { rule, message } of violations.slice(0, MAX_SHOWN)) say(`${rule}: ${message}`);
  say(`${sum(faults)} faults in ${seconds.toFixed(0)} s: ${violations.length} violations`);
}

say(`seed ${values.seed}`);
const report = await soak(
  {
    clients: Number(values.clients),
    services: [1, 2, 1],
    faults: plan(Number(values.seed)),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    limits: { holdMs: { from: 300, to: 4_000 }, statementMs: 4_000 },
    writes: { from: 20, to: 150 },
    pauseMs: 30,
    recoveryLimitMs: 10_000,
    broken: values.broken,
    progress: say,
  },
  MEGABYTES,
);
tell(report);
process.exit(report.violations.length > 0 ? 1 : 0);
