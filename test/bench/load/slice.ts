import { setTimeout as sleep } from 'node:timers/promises';
import { isOk, REFUSED, type Step } from '../workload/workload.js';
import type { HttpConnection } from './http-connection.js';
import type { SliceResult } from './orders.js';

export interface SliceLimits {
  readonly seconds: number;
  readonly maxSteps: number;
}

const MAX_SAMPLES = 3;
const SAMPLE_LENGTH = 300;

/** After a broken connection: a server that is gone is not to be asked as fast as possible. */
const PAUSE_AFTER_BREAK_MS = 50;

/** Repeats a step over all connections at once, until the time or the number of steps is used up. */
export async function runSlice(
  connections: readonly HttpConnection[],
  step: Step,
  { seconds, maxSteps }: SliceLimits,
): Promise<SliceResult> {
  const latencies: number[] = [];
  const tally = { ok: 0, refused: 0, failed: 0 };
  const samples: string[] = [];
  const fail = (text: string): void => {
    tally.failed += 1;
    if (samples.length < MAX_SAMPLES) samples.push(text.slice(0, SAMPLE_LENGTH));
  };
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let begun = 0;
  const lane = async (connection: HttpConnection): Promise<void> => {
    while (performance.now() < end && begun < maxSteps) {
      begun += 1;
      const from = performance.now();
      try {
        const reply = await step(connection);
        latencies.push(performance.now() - from);
        if (isOk(reply)) tally.ok += 1;
        else if (reply.status === REFUSED) tally.refused += 1;
        else fail(`${reply.status} ${reply.body.toString()}`);
      } catch (error) {
        fail(String(error));
        await sleep(PAUSE_AFTER_BREAK_MS);
      }
    }
  };
  await Promise.all(connections.map(lane));
  const used = process.cpuUsage(cpuBefore);
  return {
    ...tally,
    samples,
    latenciesMs: Float64Array.from(latencies),
    elapsedMs: performance.now() - begin,
    generatorCpuMs: (used.user + used.system) / 1_000,
  };
}
