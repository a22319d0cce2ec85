import { waitFor } from '../../support/wait-for.js';

/** What a process has in use after everything that nobody uses was collected: bytes. */
export interface Weight {
  readonly pid: number;
  readonly atMs: number;
  readonly rss: number;
  readonly used: number;
}

const ANSWER_LIMIT_MS = 30_000;

/** How the memory of processes goes, by what they say when they are asked (memory-probe.mjs). */
export class Memory {
  private readonly weights: Weight[] = [];

  /** Takes a line that a service wrote. */
  read(line: string): void {
    if (!line.startsWith('{"memory"')) return;
    const { memory } = JSON.parse(line) as { memory: Omit<Weight, 'atMs'> };
    this.weights.push({ ...memory, atMs: performance.now() });
  }

  /** Asks processes that have nothing to do at the moment. */
  async weigh(pids: readonly number[]): Promise<void> {
    const before = this.weights.length;
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    const limit = { limitMs: ANSWER_LIMIT_MS, what: 'what memory is in use' };
    await waitFor(() => this.weights.length >= before + pids.length, limit);
  }

  /** Of each process that was weighed so often, in order. */
  courses(least: number): readonly (readonly Weight[])[] {
    const pids = [...new Set(this.weights.map(({ pid }) => pid))];
    return pids.map((pid) => this.weights.filter((one) => one.pid === pid)).filter(({ length }) => length >= least);
  }
}

/** From the first to the last so much more is no leak: what is remembered on purpose has its limits (bytes). */
const ALLOWED = 32 * 2 ** 20;
/** Fewer weights than this say nothing of where it leads. */
const LEAST_FOR_JUDGEMENT = 10;

/** Whether what the process has in use grew by more than there is a reason for. */
export function grows(course: readonly Weight[]): boolean {
  const [first, last] = [course[0]?.used ?? 0, course.at(-1)?.used ?? 0];
  return course.length >= LEAST_FOR_JUDGEMENT && last - first > ALLOWED;
}

/** By how much it rises in a minute, as the straight line through all of them has it. */
export function slopePerMinute(course: readonly Weight[], of: 'rss' | 'used'): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = course.map(({ atMs }) => atMs / 60_000);
  const [x, y] = [mean(minutes), mean(course.map((one) => one[of]))];
  const over = course.reduce((sum, one, at) => sum + ((minutes[at] ?? 0) - x) * (one[of] - y), 0);
  const under = minutes.reduce((sum, minute) => sum + (minute - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
