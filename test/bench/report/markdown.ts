import type { Cell, Result } from './result.js';

const DASH = '–';

/** The result as a page of tables. */
export function markdownOf(result: Result): string {
  const { machine } = result;
  const parts = [
    `${result.startedAt} · ${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB · Node.js ${machine.node}` +
      ` · PostgreSQL ${machine.postgres ?? 'unknown'} · load before the run ${machine.loadBefore}`,
    `    ${result.command}`,
    cellTable(result.cells),
    ...ratioTable(result.cells),
    table(
      ['server', 'world', 'size', 'providers', 'seconds', 'providers/s'],
      result.seedings.map((seeding) => [
        ...[seeding.server, seeding.world, `${seeding.size}`, `${seeding.providers}`],
        ...[rounded(seeding.seconds), rounded(seeding.providersPerSecond)],
      ]),
    ),
    table(
      ['start on', 'size', 'providers', 'consumers', 'ready ms', 'first search ms', 'memory MB', 'peak MB'],
      result.starts.map((start) => [
        ...[start.world, `${start.size}`, `${start.providers}`, `${start.storedConsumers}`],
        ...[rounded(start.readyMs), rounded(start.firstSearchMs), rounded(start.memoryMb), rounded(start.peakMemoryMb)],
      ]),
    ),
    table(
      ['generator alone, connections', 'req/s', 'its CPU ms/req'],
      result.ceilings.map(({ concurrency, perSecond, generatorCpuMs }) => [
        ...[`${concurrency}`, rounded(perSecond), rounded(generatorCpuMs)],
      ]),
    ),
    ...result.notes.map((note) => `- ${note}`),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function cellTable(cells: readonly Cell[]): string {
  const several = new Set(cells.map(({ server }) => server)).size > 1;
  return table(
    [
      ...['workload', 'world', 'conc.', ...(several ? ['server'] : []), 'req/s', 'p50 ms', 'p95 ms', 'p99 ms'],
      ...['server CPU ms/req', 'database CPU ms/req', 'refused', 'errors', 'peak MB'],
    ],
    cells.map((cell) => [
      ...[`${cell.workload} ${cell.title}`, `${cell.world} ${cell.size}`, `${cell.concurrency}`],
      ...(several ? [cell.server] : []),
      ...[cell.perSecond, cell.p50Ms, cell.p95Ms, cell.p99Ms, cell.serverCpuMs, cell.databaseCpuMs].map(rounded),
      ...[`${cell.refused}`, `${cell.failed}`, rounded(cell.peakMemoryMb)],
    ]),
  );
}

/** Where two servers ran: how many times faster the first one was, and how much less processor time it took. */
function ratioTable(cells: readonly Cell[]): string[] {
  const first = cells[0]?.server;
  const rows = cells
    .filter(({ server }) => server === first)
    .flatMap((cell) => {
      const peer = cells.find((other) => other.server !== first && sameCell(other, cell));
      if (peer === undefined) return [];
      return [
        [
          ...[`${cell.workload} ${cell.title}`, `${cell.world} ${cell.size}`, `${cell.concurrency}`],
          ...[cell.perSecond, peer.perSecond].map(rounded),
          times(cell.perSecond, peer.perSecond),
          times(peer.p50Ms, cell.p50Ms),
          times(totalCpuMs(peer), totalCpuMs(cell)),
        ],
      ];
    });
  if (rows.length === 0) return [];
  const headings = ['workload', 'world', 'conc.', 'req/s', 'peer req/s', 'times the req/s', 'peer p50 / p50'];
  return [table([...headings, 'peer CPU / CPU'], rows)];
}

function sameCell(one: Cell, other: Cell): boolean {
  const keys = ['workload', 'world', 'size', 'concurrency'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/** Of server and database together; undefined if one of them is not known. */
export function totalCpuMs({ serverCpuMs, databaseCpuMs }: Cell): number | undefined {
  return serverCpuMs === undefined || databaseCpuMs === undefined ? undefined : serverCpuMs + databaseCpuMs;
}

function times(value: number | undefined, by: number | undefined): string {
  return value === undefined || !by ? DASH : `${rounded(value / by)}×`;
}

/** Three digits that say something: 1234, 12.3, 0.123. */
export function rounded(value: number | undefined): string {
  if (value === undefined) return DASH;
  if (value === 0 || Math.abs(value) >= 100) return `${Math.round(value)}`;
  return `${Number(value.toPrecision(3))}`;
}

/** A table of Markdown; columns of numbers stand to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const isNumber = (at: number): boolean => rows.every((row) => /^([\d.]+×?|–)$/.test(row[at] ?? ''));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = headings.map((_, at) => (isNumber(at) ? '---:' : '---'));
  return [headings, rule, ...rows].map(line).join('\n');
}
