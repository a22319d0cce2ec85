/**
 * `npm run soak:locks -- [--operations n] [--clients n] [--servers n] [--seconds n] [--seed n] [--broken rule]
 * [--save file]`: many clients on
 * the locks of several servers that are killed, paused, and lose their database. Exits with 1 if anything happened that
 * must not. The seed repeats what clients and faults want, not how they meet.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { QUIET_LIMIT_MS, soak, type SoakReport } from './soak.js';

const MAX_SHOWN = 20;

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '200000' },
    clients: { type: 'string', default: '50' },
    servers: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    broken: { type: 'string' },
    save: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ operations, counts, faults, grants, permits, writes, violations, seconds }: SoakReport): void {
  say(`\n| operation: outcome | times |\n|---|--:|`);
  for (const [what, times] of [...counts].sort(([a], [b]) => a.localeCompare(b))) say(`| ${what} | ${times} |`);
  say(`\nfaults: ${[...faults].map(([fault, times]) => `${times} ${fault}`).join(', ')}`);
  say(`${grants} grants, ${permits} permits; fenced writes: ${writes.accepted} accepted, ${writes.refused} refused`);
  for (const { rule, message } of violations.slice(0, MAX_SHOWN)) say(`${rule}: ${message}`);
  say(`${operations} operations in ${seconds.toFixed(0)} s: ${violations.length} violations`);
}

say(`seed ${values.seed}`);
const report = await soak({
  operations: Number(values.operations),
  clients: Number(values.clients),
  servers: Number(values.servers),
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  broken: values.broken,
  faults: {
    first: ['kill', 'pause', 'database stop', 'kill', 'long pause', 'database crash'],
    everyMs: { from: 1_000, to: 6_000 },
    goesOn: true,
  },
  quietLimitMs: QUIET_LIMIT_MS,
  progress: say,
});
tell(report);
if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(report.history));
process.exit(report.violations.length > 0 ? 1 : 0);
