import type { WorldPlan } from '../world/world.js';
import type { Address } from './http-connection.js';

/** What a generator is told, in this order: world, then seed, then prepare and go for each slice, in the end the removals. */
export type Order =
  | { readonly kind: 'world'; readonly address: Address; readonly plan: WorldPlan; readonly part: Part }
  | { readonly kind: 'seed'; readonly connections: number }
  | { readonly kind: 'prepare'; readonly workload: string; readonly concurrency: number; readonly facts: Facts }
  | { readonly kind: 'go'; readonly seconds: number; readonly maxSteps: number }
  | { readonly kind: 'remove'; readonly what: (typeof REMOVALS)[number]; readonly connections: number };

/** In this order, each by all generators before the next: a provider that others' consumers still use cannot go. */
export const REMOVALS = ['consumers', 'providers', 'traits'] as const;

/** Which of how many generators: each takes its share of the trees, and none meets another by accident. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/** What a workload must know that does not follow from the world. */
export interface Facts {
  /** Consumers that were written into the database directly. */
  readonly storedConsumers: number;
}

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'result'; readonly result: SliceResult }
  | { readonly kind: 'failed'; readonly message: string };

/** What one generator saw in one slice of time. */
export interface SliceResult {
  readonly ok: number;
  /** 409: the service understood and said no. */
  readonly refused: number;
  /** Everything else that was not meant to happen. */
  readonly failed: number;
  /** The first few of those, in words. */
  readonly samples: readonly string[];
  readonly latenciesMs: Float64Array;
  /** From the start to the end of the last step: ms. */
  readonly elapsedMs: number;
  /** Processor time that the generator itself used: ms. */
  readonly generatorCpuMs: number;
}
