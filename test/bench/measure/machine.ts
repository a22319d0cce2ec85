import { cpus, loadavg, totalmem } from 'node:os';

/** What figures depend on besides the program. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly postgres: string | undefined;
  /** Processes that wanted to run, on average over the last minute, before the run: others at work. */
  readonly loadBefore: number;
}

/** This machine, now. */
export function describeMachine(postgres: string | undefined): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
