import { toGeneration, type Generation, type Holding } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './allocation.sql.js';
import { toProviderAllocations, type ProviderAllocations } from './provider-allocations.js';

/** What a consumer holds, as shown to clients. `createdAtMs`: when the latest of it came to be, ms since the epoch. */
export interface ConsumerAllocations {
  readonly project: string;
  readonly user: string;
  readonly consumerType: string | null;
  readonly generation: Generation;
  readonly createdAtMs: number;
  readonly providers: readonly {
    readonly uuid: string;
    readonly generation: Generation;
    readonly resources: readonly { readonly resourceClass: string; readonly amount: number }[];
  }[];
  /** `sinceMs`: since the epoch. */
  readonly slots: readonly {
    readonly key: string;
    readonly slot: number;
    readonly limit: number;
    readonly sinceMs: number;
  }[];
}

@Injectable()
export class AllocationStore {
  /** Takes everything from these consumers. */
  async deleteByConsumers(tx: Tx, consumerIds: readonly string[]): Promise<void> {
    if (consumerIds.length > 0) await run(tx, sql.deleteByConsumerIds, [consumerIds]);
  }

  /** Gives holdings to consumers that hold nothing of these. */
  async insert(tx: Tx, holdings: readonly (Holding & { readonly consumerId: string })[]): Promise<void> {
    if (holdings.length === 0) return;
    await run(tx, sql.insert, [
      holdings.map(({ consumerId }) => consumerId),
      holdings.map(({ providerId }) => providerId),
      holdings.map(({ resourceClassId }) => resourceClassId),
      holdings.map(({ amount }) => amount),
    ]);
  }

  /** What consumers hold, in their order; undefined where nothing, or no such consumer. */
  async findByConsumers(tx: Tx, uuids: readonly string[]): Promise<(ConsumerAllocations | undefined)[]> {
    const { rows } = await run(tx, sql.listByConsumers, [uuids]);
    const byConsumer = new Map(grouped(rows, (row) => row.consumer_uuid));
    return uuids.map((uuid) => {
      const group = byConsumer.get(uuid);
      return group === undefined ? undefined : toConsumerAllocations(group);
    });
  }

  /** What is held of providers, in their order; undefined where there is no such provider. One state for all. */
  async listByProviders(tx: Tx, providerUuids: readonly string[]): Promise<(ProviderAllocations | undefined)[]> {
    const { rows } = await run(tx, sql.listByProviders, [providerUuids]);
    const byProvider = new Map(rows.map((row) => [row.provider_uuid, toProviderAllocations(row)]));
    return providerUuids.map((uuid) => byProvider.get(uuid));
  }
}

function toConsumerAllocations(
  rows: readonly [sql.ConsumerAllocationRow, ...sql.ConsumerAllocationRow[]],
): ConsumerAllocations {
  const [first] = rows;
  return {
    project: first.project,
    user: first.user,
    consumerType: first.consumer_type,
    generation: toGeneration(first.consumer_generation),
    createdAtMs: latest(rows) ?? 0,
    providers: grouped(rows, (row) => row.provider_uuid).map(([uuid, group]) => ({
      uuid,
      generation: toGeneration(group[0].provider_generation),
      resources: group.map(({ resource_class, used }) => ({ resourceClass: resource_class, amount: used })),
    })),
    slots: (first.slot_locks ?? []).map(({ since_ms, ...held }) => ({ ...held, sinceMs: since_ms })),
  };
}

function latest(rows: readonly { readonly created_at: Date }[]): number | undefined {
  if (rows.length === 0) return undefined;
  return rows.reduce((newest, { created_at }) => Math.max(newest, created_at.getTime()), 0);
}

/** Rows by key, in order of first appearance; every group has a row. */
function grouped<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): [Key, [Row, ...Row[]]][] {
  const groups = new Map<Key, [Row, ...Row[]]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return [...groups];
}
