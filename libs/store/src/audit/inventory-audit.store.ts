import { Injectable } from '@nestjs/common';
import { run, type Statement, type Tx } from '../sql.js';
import type { Portion } from './portion.js';
import * as sql from './inventory-audit.sql.js';

/** Where a walk through all inventories is. */
export interface InventoryPlace {
  readonly providerId: number;
  readonly classId: number;
}

/** An inventory whose use is not what it should be. */
export interface OddInventory extends InventoryPlace {
  readonly providerUuid: string;
  readonly resourceClass: string;
  readonly used: number;
  readonly expected: number;
}

/** Inventories looked through as a whole, in portions. Each method is one statement: run it by itself. */
@Injectable()
export class InventoryAuditStore {
  /** Those of the next `limit` behind `after` whose `used` is not the sum of the allocations; undefined: that was all. */
  listDrift(tx: Tx, after: InventoryPlace, limit: number): Promise<Portion<InventoryPlace, OddInventory> | undefined> {
    return page(tx, sql.listDrift, after, limit);
  }

  /** The same for those of which more is used than there is room for. */
  listExceeded(
    tx: Tx,
    after: InventoryPlace,
    limit: number,
  ): Promise<Portion<InventoryPlace, OddInventory> | undefined> {
    return page(tx, sql.listExceeded, after, limit);
  }

  /** Makes `used` what is allocated; false: it was. The provider's row lock must be held. */
  async setUsed(tx: Tx, { providerId, classId }: InventoryPlace): Promise<boolean> {
    return (await run(tx, sql.setUsed, [providerId, classId])).count > 0;
  }
}

async function page(
  tx: Tx,
  statement: Statement<sql.InventoryPageRow>,
  { providerId, classId }: InventoryPlace,
  limit: number,
): Promise<Portion<InventoryPlace, OddInventory> | undefined> {
  const { rows } = await run(tx, statement, [providerId, classId, limit]);
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    scanned: first.scanned,
    last: { providerId: first.last_provider, classId: first.last_class },
    found: rows.flatMap(({ provider_id, class_id, uuid, resource_class, used, expected }) =>
      provider_id === null
        ? []
        : [
            {
              providerId: provider_id,
              classId: class_id,
              providerUuid: uuid,
              resourceClass: resource_class,
              used,
              expected,
            },
          ],
    ),
  };
}
