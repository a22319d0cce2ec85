import { totalCpuMs } from './markdown.js';
import type { Cell } from './result.js';

const WIDTH = 980;
const HEIGHT = 460;
const MARGIN = { left: 70, right: 450, top: 50, bottom: 55 } as const;
/** Told apart by people who do not see red and green as different, too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000', '#999999'] as const;

interface Series {
  readonly title: string;
  readonly dashed: boolean;
  readonly points: readonly (readonly [size: number, cpuMs: number])[];
}

/** Processor time of a request against the size of the fleet, as SVG; undefined if nothing ran at several sizes. */
export function plotOf(cells: readonly Cell[]): string | undefined {
  const { concurrency, series } = seriesOf(cells);
  if (series.length === 0) return undefined;
  const all = series.flatMap(({ points }) => points);
  const x = logScale(
    all.map(([size]) => size),
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const y = logScale(
    all.map(([, cpuMs]) => cpuMs),
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  );
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(MARGIN.left, 24, `CPU time of a request, server and database, ${concurrency} at once`, 'font-size="15"'),
    ...decades(y.from, y.to).flatMap((value) => [
      `<path d="M${MARGIN.left} ${px(y.at(value))}H${right}" stroke="#ddd"/>`,
      text(MARGIN.left - 8, y.at(value) + 4, `${value} ms`, 'text-anchor="end"'),
    ]),
    ...[...new Set(all.map(([size]) => size))].flatMap((size) => [
      `<path d="M${px(x.at(size))} ${MARGIN.top}V${bottom}" stroke="#eee"/>`,
      text(x.at(size), bottom + 18, size.toLocaleString('en'), 'text-anchor="middle"'),
    ]),
    text((MARGIN.left + right) / 2, HEIGHT - 14, 'hosts', 'text-anchor="middle"'),
    ...series.flatMap((one, index) => lineOf(one, index, x.at, y.at)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function lineOf({ title, dashed, points }: Series, index: number, x: Scale['at'], y: Scale['at']): string[] {
  const colour = COLOURS[index % COLOURS.length] ?? COLOURS[0];
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  const path = points.map(([size, cpuMs]) => `${px(x(size))} ${px(y(cpuMs))}`).join('L');
  const top = MARGIN.top + index * 20;
  const right = WIDTH - MARGIN.right;
  return [
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    ...points.map(([size, cpuMs]) => `<circle cx="${px(x(size))}" cy="${px(y(cpuMs))}" r="3" fill="${colour}"/>`),
    `<path d="M${right + 16} ${top}h24" stroke="${colour}" stroke-width="2"${dash}/>`,
    text(right + 46, top + 4, title),
  ];
}

/** Workloads of the flat world that ran at two sizes or more, at the concurrency in the middle: one alone tells little of a server. */
function seriesOf(cells: readonly Cell[]): { concurrency: number; series: Series[] } {
  const flat = cells.filter(({ world, workload, steps }) => world === 'flat' && workload !== 'seed' && steps > 0);
  const known = [...new Set(flat.map((cell) => cell.concurrency))].sort((one, other) => one - other);
  const concurrency = known[Math.floor(known.length / 2)] ?? 0;
  const groups = new Map<string, Cell[]>();
  for (const cell of flat.filter((each) => each.concurrency === concurrency)) {
    const key = `${cell.workload} ${cell.title} ${cell.server}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const servers = [...new Set(flat.map(({ server }) => server))];
  const series = [...groups.values()].flatMap((group) => {
    const points = group
      .flatMap((cell) => [[cell.size, totalCpuMs(cell) ?? 0] as const])
      .filter(([, cpuMs]) => cpuMs > 0)
      .sort(([one], [other]) => one - other);
    const [first] = group;
    if (first === undefined || points.length < 2) return [];
    const server = servers.length > 1 ? ` (${first.server})` : '';
    return [{ title: `${first.workload} ${first.title}${server}`, dashed: first.server !== servers[0], points }];
  });
  return { concurrency, series };
}

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly at: (value: number) => number;
}

/** Maps the values, all above 0, to pixels by their logarithm; from and to are the least and the greatest, widened. */
export function logScale(values: readonly number[], [start, end]: readonly [number, number]): Scale {
  const from = Math.min(...values) / WIDEN;
  const to = Math.max(...values) * WIDEN;
  const span = Math.log(to / from);
  return { from, to, at: (value) => start + ((end - start) * Math.log(value / from)) / span };
}

const WIDEN = 1.3;

/** The powers of ten between two values. */
export function decades(from: number, to: number): number[] {
  const first = Math.ceil(Math.log10(from));
  const count = Math.max(0, Math.floor(Math.log10(to)) - first + 1);
  return Array.from({ length: count }, (_, index) => Number((10 ** (first + index)).toPrecision(1)));
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${safe}</text>`;
}

function px(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}
