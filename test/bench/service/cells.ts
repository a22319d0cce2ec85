import type { SliceResult } from '../load/orders.js';
import { percentile, sortedUnion } from '../measure/latencies.js';
import { treeCpuMs, treeMemoryMb } from '../measure/process-usage.js';
import type { Cell } from '../report/result.js';
import type { Workload } from '../workload/workload.js';
import type { WorldPlan } from '../world/world.js';
import type { Target } from './target.js';

export interface CellPlan {
  readonly workload: Workload;
  readonly world: WorldPlan;
  readonly concurrency: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly maxSteps: number;
  readonly storedConsumers: number;
}

/** Unmeasured, before the first slice: programs that compile while they run shall have done so. */
const WARM_UP_SECONDS = 1;
const WARM_UP_STEPS = 1_000;

/** What was measured in a stretch of time, to be added up. */
export interface Stretch {
  readonly results: readonly SliceResult[];
  readonly serverCpuMs: number | undefined;
  readonly databaseCpuMs: number | undefined;
}

/**
 * Measures one workload on all targets. With several, they take turns, and each round begins with another one, so that
 * whatever else goes on in the machine meets all of them.
 */
export async function measureCell(targets: readonly Target[], plan: CellPlan): Promise<Cell[]> {
  const { workload, concurrency, rounds, seconds, maxSteps } = plan;
  const stretches = new Map<Target, Stretch[]>(targets.map((target) => [target, []]));
  for (const { generators } of targets) {
    await generators.prepare(workload.id, concurrency, plan.storedConsumers);
    await generators.go(Math.min(WARM_UP_SECONDS, seconds), WARM_UP_STEPS);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      await target.generators.prepare(workload.id, concurrency, plan.storedConsumers);
      const stretch = await stretchOf(target, () =>
        target.generators.go(seconds / rounds, Math.ceil(maxSteps / rounds)),
      );
      stretches.get(target)?.push(stretch);
    }
  }
  return [...stretches].map(([target, all]) => ({
    ...summaryOf(all),
    ...{ server: target.name, workload: workload.id, title: workload.title, concurrency },
    ...{ world: plan.world.kind, size: plan.world.size },
    peakMemoryMb: treeMemoryMb(target.serverPid, 'VmHWM'),
  }));
}

/** Does the work and reads before and after it how much processor time the target has used. */
export async function stretchOf(target: Target, work: () => Promise<SliceResult[]>): Promise<Stretch> {
  const pids = [target.serverPid, target.databasePid] as const;
  const [serverBefore, databaseBefore] = pids.map(treeCpuMs);
  const results = await work();
  const [serverAfter, databaseAfter] = pids.map(treeCpuMs);
  return {
    results,
    serverCpuMs: difference(serverAfter, serverBefore),
    databaseCpuMs: difference(databaseAfter, databaseBefore),
  };
}

type Summary = Omit<Cell, 'server' | 'workload' | 'title' | 'world' | 'size' | 'concurrency' | 'peakMemoryMb'>;

/** Adds up what was measured: rates over the time that was measured, processor time for each step that was answered. */
export function summaryOf(stretches: readonly Stretch[]): Summary {
  const results = stretches.flatMap((stretch) => stretch.results);
  const total = (value: (result: SliceResult) => number): number =>
    results.reduce((sum, result) => sum + value(result), 0);
  const latencies = sortedUnion(results.map(({ latenciesMs }) => latenciesMs));
  const steps = latencies.length;
  // Generators of one stretch work at the same time, stretches one after another.
  const elapsedMs = stretches.reduce((sum, each) => sum + Math.max(...each.results.map((one) => one.elapsedMs)), 0);
  const each = (sum: number | undefined): number | undefined =>
    sum === undefined || steps === 0 ? undefined : sum / steps;
  return {
    steps,
    perSecond: elapsedMs === 0 ? 0 : (steps / elapsedMs) * 1_000,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
    refused: total(({ refused }) => refused),
    failed: total(({ failed }) => failed),
    samples: [...new Set(results.flatMap(({ samples }) => samples))],
    serverCpuMs: each(sumOf(stretches.map(({ serverCpuMs }) => serverCpuMs))),
    databaseCpuMs: each(sumOf(stretches.map(({ databaseCpuMs }) => databaseCpuMs))),
    generatorCpuMs: each(total(({ generatorCpuMs }) => generatorCpuMs)) ?? 0,
  };
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** Unknown as soon as one part is. */
function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((sum, value) => (sum === undefined || value === undefined ? undefined : sum + value), 0);
}
