import { toGeneration, type Generation } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { LostRace } from '../lost-race.js';
import { run, type Tx } from '../sql.js';
import { mark, NAMES } from '../change/change.sql.js';
import { advance, current, increment, lockProvider, type Noun } from './generation.sql.js';

/** What became of an increment. */
export type Bump =
  | { readonly status: 'bumped'; readonly generation: Generation }
  | { readonly status: 'stale'; readonly found: Generation }
  | { readonly status: 'missing' };

/** One step of a generation: from what was read under the row lock to what it shall be. */
export interface Advance {
  readonly id: number | string;
  readonly from: Generation;
  readonly to: Generation;
  /** Of a provider: whether its traits or aggregates change with it. */
  readonly shape?: boolean;
}

/**
 * The one place that compares and increments a generation. Each guard stands in the statement that writes, so
 * a writer that is late writes nothing, whatever it read before.
 */
@Injectable()
export class GenerationService {
  /**
   * Raises a generation by one if it still is what the client claims, and takes the row lock. Call it before any
   * other write on that provider or consumer: what is read after it is read alone.
   */
  async increment(tx: Tx, noun: Noun, id: number | string, claimed: number): Promise<Bump> {
    const { rows } = await run(tx, increment[noun], [id, claimed]);
    const row = rows[0];
    if (row === undefined) return { status: 'missing' };
    if (row.bumped === null) return await this.late(tx, noun, id);
    return { status: 'bumped', generation: toGeneration(row.bumped) };
  }

  /** What a writer who came too late found: asked again, because the statement that lost a race saw the time before it. */
  private async late(tx: Tx, noun: Noun, id: number | string): Promise<Bump> {
    const { rows } = await run(tx, current[noun], [id]);
    return rows[0] === undefined ? { status: 'missing' } : { status: 'stale', found: toGeneration(rows[0].generation) };
  }

  /** Takes a provider's row lock without raising anything: for what leaves generations alone. undefined: gone. */
  async lock(tx: Tx, providerId: number): Promise<Generation | undefined> {
    const { rows } = await run(tx, lockProvider, [providerId]);
    return rows[0] === undefined ? undefined : toGeneration(rows[0].generation);
  }

  /**
   * Says that providers have changed although their generation stays (spec data_model.md §3: renames, tree changes,
   * aggregates before 1.19, removed allocations). `shape`: whether traits, aggregates or the tree may have.
   */
  async touch(tx: Tx, providerIds: readonly number[], shape: boolean): Promise<void> {
    if (providerIds.length > 0) await run(tx, mark, [providerIds, shape]);
  }

  /** Says that names of traits or classes have come, changed or gone. */
  async touchNames(tx: Tx): Promise<void> {
    await run(tx, mark, [[NAMES], true]);
  }

  /**
   * Moves many generations in one statement, each compared with what was read under its lock. Throws LostRace,
   * and the transaction runs again, if one moved meanwhile.
   */
  async advance(tx: Tx, noun: Noun, steps: readonly Advance[]): Promise<void> {
    if (steps.length === 0) return;
    const { rows } = await run(tx, advance[noun], [
      steps.map(({ id }) => id),
      steps.map(({ from }) => from),
      steps.map(({ to }) => to),
      ...(noun === 'provider' ? [steps.map(({ shape }) => shape ?? false)] : []),
    ]);
    const moved = rows[0]?.moved ?? 0;
    if (moved !== steps.length) throw new LostRace(`${steps.length - moved} ${noun} generations moved under the lock`);
  }
}
