import { toGeneration, type Supply } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './supply.sql.js';

@Injectable()
export class SupplyStore {
  /** Everything a search looks at. Run it in a transaction that sees one state. */
  async load(tx: Tx): Promise<Supply> {
    const { rows: providers } = await run(tx, sql.providers);
    const { rows: inventories } = await run(tx, sql.inventories);
    const { rows: providerTraits } = await run(tx, sql.providerTraits);
    const { rows: providerAggregates } = await run(tx, sql.providerAggregates);
    const { rows: traits } = await run(tx, sql.traits);
    const { rows: resourceClasses } = await run(tx, sql.resourceClasses);
    return {
      providers: providers.map((row) => ({
        id: row.id,
        uuid: row.uuid,
        name: row.name,
        generation: toGeneration(row.generation),
        parentId: row.parent_id,
        rootId: row.root_id,
        changedAtMs: row.changed_at_ms,
      })),
      inventories: inventories.map((row) => ({
        providerId: row.provider_id,
        resourceClassId: row.class_id,
        total: row.total,
        reserved: row.reserved,
        minUnit: row.min_unit,
        maxUnit: row.max_unit,
        stepSize: row.step_size,
        allocationRatio: row.allocation_ratio,
        used: row.used,
      })),
      providerTraits: providerTraits.map(({ provider_id, trait_id }) => ({
        providerId: provider_id,
        traitId: trait_id,
      })),
      providerAggregates: providerAggregates.map(({ provider_id, aggregate }) => ({
        providerId: provider_id,
        aggregate,
      })),
      traits,
      resourceClasses,
    };
  }
}
