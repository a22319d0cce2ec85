import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
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

  /** Makes the provider a member of exactly these aggregates; unknown ones come into being. */
  async replaceAll(tx: Tx, providerId: number, uuids: readonly string[]): Promise<void> {
    await this.deleteByProvider(tx, providerId);
    if (uuids.length === 0) return;
    await run(tx, sql.ensure, [uuids]);
    await run(tx, sql.insertByProvider, [providerId, uuids]);
  }

  /** Takes the provider out of all aggregates; the aggregates stay. */
  async deleteByProvider(tx: Tx, providerId: number): Promise<void> {
    await run(tx, sql.deleteByProvider, [providerId]);
  }
}
