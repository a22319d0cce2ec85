import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { share } from '../load/generators.js';
import { ReplyReader } from '../load/reply-reader.js';
import { percentile, sortedUnion } from '../measure/latencies.js';
import { parseMemory, parseStat, treeOf } from '../measure/process-usage.js';
import { rounded, table } from '../report/markdown.js';
import { decades, logScale, plotOf } from '../report/plot.js';
import type { Cell } from '../report/result.js';
import { storedConsumerUuid } from '../workload/stored-consumers.js';
import { consumerUuid, randomFrom } from '../world/random.js';
import { buildWorld, providerCount } from '../world/build-world.js';
import { traitName } from '../world/world.js';
import { summaryOf } from './cells.js';
import { readOptions } from './options.js';
import { bar } from './progress.js';

/** The arithmetic that figures rest on, tried on examples worked out by hand. Answers how many; throws at the first wrong one. */
export function selfTest(): number {
  const checks = [latencies, processes, replies, worlds, summaries, drawings, options];
  for (const check of checks) check();
  return checks.length;
}

function latencies(): void {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  deepEqual(
    [0.5, 0.95, 0.99, 1].map((at) => percentile(hundred, at)),
    [50, 95, 99, 100],
  );
  equal(percentile([7], 0.99), 7);
  equal(percentile([], 0.5), 0);
  deepEqual([...sortedUnion([Float64Array.of(3, 1), Float64Array.of(2, 10)])], [1, 2, 3, 10]);
}

function processes(): void {
  const line = '42 (a name) with ) in it) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 5 6 7';
  deepEqual(parseStat(line), { pid: 42, parent: 7, cpuMs: 1_270 });
  const all = [
    { pid: 1, parent: 0, cpuMs: 0 },
    { pid: 5, parent: 2, cpuMs: 0 },
    { pid: 2, parent: 1, cpuMs: 0 },
    { pid: 3, parent: 1, cpuMs: 0 },
  ];
  deepEqual(
    treeOf(2, all).map(({ pid }) => pid),
    [2, 5],
  );
  deepEqual(treeOf(9, all), []);
  equal(parseMemory('VmPeak:\t  9 kB\nVmHWM:\t  2048 kB\n', 'VmHWM'), 2);
  equal(parseMemory('VmPeak:\t  9 kB\n', 'VmHWM'), undefined);
}

function replies(): void {
  const seen: string[] = [];
  const reader = new ReplyReader(({ status, body, closes }) => seen.push(`${status} ${body.toString()} ${closes}`));
  const whole = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n',
  ];
  const expected = ['200 hello false', '204  true', '409 abcde false'];
  for (const reply of whole) reader.take(Buffer.from(reply));
  deepEqual(seen.splice(0), expected);
  for (const reply of whole) for (const byte of Buffer.from(reply)) reader.take(Buffer.of(byte));
  deepEqual(seen, expected);
}

function worlds(): void {
  const tag = '0123456789ab';
  const flat = buildWorld({ kind: 'flat', size: 1_000, seed: 1, tag });
  deepEqual(buildWorld(flat.plan), flat);
  equal(providerCount(flat), 1_000 + 2 + 4);
  equal(flat.hosts.length, 900);
  const providers = flat.trees.flat();
  equal(new Set(providers.map(({ uuid }) => uuid)).size, providers.length);
  const have = (name: string): number =>
    providers.filter(({ traits }) => traits.includes(traitName(flat.plan, name))).length;
  equal(have('HUNDRED'), 100);
  ok(have('COMMON') > 750 && have('COMMON') < 850);
  ok(have('T00') > 950 && have('T59') < 250);
  ok(flat.hosts.every(({ traits, aggregates }) => traits.length === 20 && new Set(aggregates).size === 3));
  equal(providerCount(buildWorld({ kind: 'nested', size: 3, seed: 1, tag })), 3 * 8);
  equal(providerCount(buildWorld({ kind: 'wide', size: 2, seed: 1, tag })), 9 + 17);
  const consumers = Array.from({ length: 10_000 }, (_, n) => consumerUuid(tag, 3, n));
  equal(new Set(consumers).size, consumers.length);
  ok(
    [...consumers, storedConsumerUuid(tag, 17)].every((uuid) =>
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid),
    ),
  );
  const random = randomFrom(7);
  const mean = Array.from({ length: 10_000 }, random).reduce((sum, value) => sum + value, 0) / 10_000;
  ok(mean > 0.48 && mean < 0.52);
}

const STRETCH = {
  results: [
    {
      ...{ ok: 2, refused: 1, failed: 1, samples: ['x'], elapsedMs: 1_000, generatorCpuMs: 2 },
      latenciesMs: Float64Array.of(1, 2, 3, 4),
    },
  ],
  serverCpuMs: 40,
  databaseCpuMs: 20,
};

function summaries(): void {
  const twice = summaryOf([STRETCH, STRETCH]);
  equal(twice.steps, 8);
  equal(twice.perSecond, 4);
  equal(twice.serverCpuMs, 10);
  equal(twice.databaseCpuMs, 5);
  deepEqual([twice.refused, twice.failed, twice.samples], [2, 2, ['x']]);
  equal(summaryOf([{ ...STRETCH, serverCpuMs: undefined }, STRETCH]).serverCpuMs, undefined);
  deepEqual(
    [0, 1, 2].map((index) => share(16, index, 3)),
    [6, 5, 5],
  );
}

function drawings(): void {
  const scale = logScale([10, 1_000], [0, 100]);
  ok(scale.at(10) > 0 && scale.at(1_000) < 100);
  ok(Math.abs(scale.at(100) - 50) < 1e-9);
  deepEqual(decades(0.02, 30), [0.1, 1, 10]);
  deepEqual([1234.5, 12.345, 0.012345, 0, undefined].map(rounded), ['1235', '12.3', '0.0123', '0', '–']);
  equal(table(['a', 'b'], [['x', '2']]), '| a | b |\n| --- | ---: |\n| x | 2 |');
  equal(bar(0.5, 4), '[##..]');
  const cell: Cell = {
    ...summaryOf([STRETCH]),
    ...{ server: 'berth', workload: 'W1', title: 'a < b', world: 'flat', size: 10, concurrency: 4, peakMemoryMb: 1 },
  };
  equal(plotOf([cell]), undefined);
  match(
    plotOf([cell, { ...cell, size: 100 }]) ?? '',
    /<svg [^]*M[\d.]+ [\d.]+L[\d.]+ [\d.]+"[^]*W1 a &lt; b[^]*<\/svg>\n$/,
  );
}

function options(): void {
  deepEqual(readOptions(['--hosts', '10,5', '--only', 'W4,W1']).hosts, [5, 10]);
  deepEqual(readOptions(['--only', 'W4,W1']).workloads, ['W1', 'W4']);
  for (const wrong of [
    ['--only', 'W99'],
    ['--hosts', 'x'],
    ['--version', '2.0'],
    ['--url', 'x'],
    ['--seconds', '0'],
    ['--seed', 'x'],
    ['--seed', 'sql', '--url', 'http://x'],
  ]) {
    let refused = false;
    try {
      readOptions(wrong);
    } catch {
      refused = true;
    }
    ok(refused, wrong.join(' '));
  }
}
