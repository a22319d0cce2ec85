import { toGeneration, type Generation } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Statement, type Tx } from '../sql.js';
import type { Portion } from './portion.js';
import * as sql from './consumer-audit.sql.js';

/** A consumer as it was found; `id` tells it from another one that came under the same uuid later. */
export interface FoundConsumer {
  readonly id: string;
  readonly uuid: string;
  readonly generation: Generation;
  readonly project: string;
  readonly type: string;
  readonly holdsSlots: boolean;
  readonly changedAtMs: number;
}

/** Which consumers a walk is for: all that lack something, by what they lack. */
const ODD = { empty: sql.listEmpty, 'only-slots': sql.listOnlySlots, 'wrong-flag': sql.listWrongFlags } as const;

/** 'empty': nothing held; 'only-slots': slots without allocations; 'wrong-flag': marked otherwise than the slots say. */
export type OddConsumers = keyof typeof ODD;

/** Consumers looked through as a whole, in portions. Each list is one statement: run it by itself. */
@Injectable()
export class ConsumerAuditStore {
  /** Those of the next `limit` behind the id `after` that are odd in this way; undefined: that was all. */
  listOdd(
    tx: Tx,
    way: OddConsumers,
    after: string,
    limit: number,
  ): Promise<Portion<string, FoundConsumer> | undefined> {
    return page(tx, ODD[way], [after, limit]);
  }

  /** The same for those with allocations that nobody has written for so long; `types` undefined: of all. */
  listUnchanged(
    tx: Tx,
    { forSeconds, types }: { readonly forSeconds: number; readonly types: readonly string[] | undefined },
    after: string,
    limit: number,
  ): Promise<Portion<string, FoundConsumer> | undefined> {
    return page(tx, sql.listUnchanged, [after, limit, forSeconds, types ?? null]);
  }

  /** Marks a consumer as its slots say; false: it was. Its row lock must be held. */
  async setFlag(tx: Tx, id: string): Promise<boolean> {
    return (await run(tx, sql.setFlag, [id])).count > 0;
  }

  /** How many projects and users no consumer has. */
  async countUnusedNames(tx: Tx): Promise<{ readonly projects: number; readonly users: number }> {
    return (await run(tx, sql.countUnusedNames)).rows[0] ?? { projects: 0, users: 0 };
  }
}

async function page(
  tx: Tx,
  statement: Statement<sql.ConsumerPageRow>,
  values: readonly unknown[],
): Promise<Portion<string, FoundConsumer> | undefined> {
  const { rows } = await run(tx, statement, values);
  const [first] = rows;
  if (first === undefined) return undefined;
  return { scanned: first.scanned, last: first.last_id, found: rows.flatMap(toFound) };
}

function toFound({
  id,
  uuid,
  generation,
  project,
  type,
  holds_slots,
  changed_at_ms,
}: sql.ConsumerPageRow): FoundConsumer[] {
  if (id === null) return [];
  return [
    {
      id,
      uuid,
      generation: toGeneration(generation),
      project,
      type,
      holdsSlots: holds_slots,
      changedAtMs: changed_at_ms,
    },
  ];
}
