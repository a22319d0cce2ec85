/**
 * `npm run differential -- --peer http://127.0.0.1:8999 [--seed n] [--requests n] [--all]`: sends the same requests to Berth and to a Placement, and exits
 * with 1 if they answer in different ways that nobody knows of. docs/differential.md says how to start a Placement.
 */
import { parseArgs } from 'node:util';
import { startService } from '../fuzz/service.js';
import { SoakPostgres } from '../locks/soak/postgres.js';
import { show, showFinding } from './show.js';
import { differential } from './run.js';

const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    all: { type: 'boolean', default: false },
    requests: { type: 'string', default: '5000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
});
if (values.peer === undefined) throw new Error('say with --peer where Placement is, as http://127.0.0.1:8999');

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const EVERY = 1_000;

say(`seed ${values.seed}`);
const database = await SoakPostgres.start();
try {
  const service = await startService(database.url, { BERTH_AUTH: 'noauth' });
  try {
    const report = await differential({
      berth: service.url,
      peer: values.peer,
      seed: Number(values.seed),
      requests: Number(values.requests),
      found: (finding) => say(showFinding(finding)),
      progress: (done, kinds) => {
        if (done % EVERY === 0) say(`${done} requests, ${kinds} kinds of differences`);
      },
    });
    say(show(report, values.all));
    process.exitCode = report.findings.length > 0 ? 1 : 0;
  } finally {
    await service.stop();
  }
} finally {
  await database.stop();
}
