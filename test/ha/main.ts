/**
 * `npm run soak:ha -- [--kills n] [--clients n] [--pgbouncer] [--keep]`: PostgreSQL under Patroni with synchronous standbys, HAProxy,
 * two Berths, and clients that claim and give back while primaries are killed. Exits with 1 if anybody was told what is not
 * true. Needs the programs that docs/high-availability.md names.
 */
import { parseArgs } from 'node:util';
import { soak, type Phase } from './soak.js';

const MAX_SHOWN = 20;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '5' },
    clients: { type: 'string', default: '16' },
    pgbouncer: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(1));

function row({ what, elected, routed, gap, statuses }: Phase): string {
  const told = [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, times]) => `${times} × ${status <= 0 ? 'no answer' : status}`);
  return `| ${what} | ${seconds(elected)} | ${seconds(routed)} | ${seconds(gap)} | ${told.join(', ')} |`;
}

try {
  const { phases, record, violations } = await soak({
    kills: Number(values.kills),
    clients: Number(values.clients),
    isPooled: values.pgbouncer,
    keep: values.keep,
    say,
  });
  say(
    '\n| | new leader (s) | reached and writing (s) | longest gap between accepted writes (s) | answers |\n|---|--:|--:|--:|---|',
  );
  for (const phase of phases) say(row(phase));
  const counts = (['claimed', 'released', 'refused', 'unknown'] as const).map(
    (fate) => `${record.count(fate)} ${fate}`,
  );
  const accepted = record.events.filter(({ status }) => status === 204).length;
  say(`\n${accepted} acknowledged writes; at the end consumers are ${counts.join(', ')}`);
  for (const violation of violations.slice(0, MAX_SHOWN)) say(violation);
  say(`${violations.length} violations`);
  process.exit(violations.length > 0 ? 1 : 0);
} catch (error) {
  say(`soak:ha: ${(error as Error).message}`);
  process.exit(1);
}
