import type { Ceiling } from '../load/ceiling.js';
import type { Machine } from '../measure/machine.js';
import type { WorldKind } from '../world/world.js';

/** One workload on one world at one concurrency against one server. */
export interface Cell {
  readonly server: string;
  readonly workload: string;
  readonly title: string;
  readonly world: WorldKind;
  readonly size: number;
  readonly concurrency: number;
  /** Steps that were answered, however. */
  readonly steps: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly refused: number;
  readonly failed: number;
  readonly samples: readonly string[];
  /** Processor time for each step; undefined where it could not be read. */
  readonly serverCpuMs: number | undefined;
  readonly databaseCpuMs: number | undefined;
  readonly generatorCpuMs: number;
  /** The most that a process of the server ever had until then. */
  readonly peakMemoryMb: number | undefined;
}

/** A start of the service on a database that is filled. */
export interface Start {
  readonly server: string;
  readonly world: WorldKind;
  readonly size: number;
  readonly providers: number;
  /** Consumers, of three allocations each, that were written into the database directly. */
  readonly storedConsumers: number;
  /** Until `GET /` is answered. */
  readonly readyMs: number;
  /** From then until the first search is answered. */
  readonly firstSearchMs: number;
  /** Of the largest process after that, and the most it ever had until then. */
  readonly memoryMb: number | undefined;
  readonly peakMemoryMb: number | undefined;
}

export interface Seeding {
  readonly server: string;
  readonly world: WorldKind;
  readonly size: number;
  readonly providers: number;
  readonly seconds: number;
  readonly providersPerSecond: number;
}

export interface Result {
  readonly startedAt: string;
  readonly command: string;
  readonly machine: Machine;
  readonly ceilings: readonly Ceiling[];
  readonly cells: readonly Cell[];
  readonly seedings: readonly Seeding[];
  readonly starts: readonly Start[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}
