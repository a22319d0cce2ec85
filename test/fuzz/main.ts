/**
 * `npm run fuzz -- [--requests n] [--seed n] [--from n] [--clients n]`: fires garbled requests at a service with a database of its own, and
 * exits with 1 if anything happened that must not. The seed repeats the requests; `--from` begins at one of them.
 */
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { SoakPostgres } from '../locks/soak/postgres.js';
import { fuzz } from './fuzz.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    from: { type: 'string', default: '0' },
    clients: { type: 'string', default: '16' },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

say(`seed ${values.seed}`);
const database = await SoakPostgres.start();
const bar = new SingleBar(
  {
    format: '{bar} {value}/{total}, {failures} failures, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  },
  Presets.legacy,
);
bar.start(Number(values.requests), 0, { failures: 0 });
try {
  const report = await fuzz({
    databaseUrl: database.url,
    seed: Number(values.seed),
    requests: Number(values.requests),
    clients: Number(values.clients),
    from: Number(values.from),
    progress: (done, failures) => bar.update(done, { failures }),
  });
  bar.stop();
  const counts = [...report.statuses]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([status, times]) => `${times} × ${status}`);
  say(counts.join(', '));
  for (const failure of report.failures) say(`\n${failure}`);
  say(
    `\n${report.requests} requests in ${report.seconds.toFixed(0)} s, memory ${report.memory.early} → ${report.memory.late} MB: ${report.failures.length} failures`,
  );
  process.exitCode = report.failures.length > 0 ? 1 : 0;
} finally {
  bar.stop();
  await database.stop();
}
