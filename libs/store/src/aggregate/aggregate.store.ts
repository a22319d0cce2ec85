import type { Settlement } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, together, type Tx } from '../sql.js';
import * as sql from './aggregate.sql.js';

@Injectable()
export class AggregateStore {
  /** Uuids of the aggregates of several providers, by provider id. */
  async uuidsByProvider(tx: Tx, providerIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
    const { rows } = await run(tx, sql.listByProviders, [providerIds]);
    const uuids = new Map<number, string[]>(providerIds.map((id) => [id, []]));
    for (const { resource_provider_id, uuid } of rows) uuids.get(resource_provider_id)?.push(uuid);
    return uuids;
  }

  /** Makes providers members of exactly these aggregates; unknown ones come into being. */
  async replaceAll(tx: Tx, wanted: Settlement['aggregates']): Promise<void> {
    if (wanted.length === 0) return;
    const members = wanted.flatMap(({ providerId, uuids }) =>
      [...new Set(uuids)].map((uuid) => ({ providerId, uuid })),
    );
    const uuids = members.map(({ uuid }) => uuid);
    const writes: Promise<unknown>[] = [
      this.deleteByProviders(
        tx,
        wanted.map(({ providerId }) => providerId),
      ),
    ];
    if (members.length > 0) {
      writes.push(run(tx, sql.ensure, [uuids]));
      writes.push(run(tx, sql.insertMembers, [members.map(({ providerId }) => providerId), uuids]));
    }
    await together(writes);
  }

  /** Takes providers out of all aggregates; the aggregates stay. */
  async deleteByProviders(tx: Tx, providerIds: readonly number[]): Promise<void> {
    await run(tx, sql.deleteByProviders, [providerIds]);
  }
}
