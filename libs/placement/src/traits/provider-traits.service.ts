import { providerAt, traitsAt } from '#berth/candidates';
import { applyTraits, applyTraitsRemoval, noProvider, type ProviderTraits } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

@Injectable()
export class ProviderTraitsService {
  constructor(
    private readonly claims: Claims,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** Throws NotFound. Source: spec traits.md §2. */
  async list(providerUuid: string): Promise<ProviderTraits> {
    const text = `${noProvider(providerUuid)}: ${noProvider(providerUuid)}`;
    const { snapshot, index } = await this.snapshots.find(providerUuid, text);
    const { generation, changedAtMs } = providerAt(snapshot, index);
    return { generation, changedAtMs, traits: traitsAt(snapshot, index) };
  }

  /** Gives the provider exactly these traits. Throws as applyTraits. Source: spec traits.md §2. */
  replaceAll(providerUuid: string, claimed: number, names: readonly string[]): Promise<ProviderTraits> {
    return this.claims.run({
      providerUuids: [providerUuid],
      traitHolders: [providerUuid],
      traits: names,
      apply: (ledger) => applyTraits(ledger, providerUuid, claimed, names),
    });
  }

  /** Takes all traits away. Throws as applyTraitsRemoval. Source: spec traits.md §2. */
  removeAll(providerUuid: string, claimed?: number | null): Promise<void> {
    return this.claims.run({
      providerUuids: [providerUuid],
      traitHolders: [providerUuid],
      apply: (ledger) => {
        applyTraitsRemoval(ledger, providerUuid, claimed);
      },
    });
  }
}
