import { inventoriesAt, providerAt } from '#berth/candidates';
import { UNKNOWN_CONSUMER_TYPE, type Generation } from '#berth/domain';
import { noProvider, Transactions, UsageStore, type TypedUsage, type UsageOwner, type UsageTotal } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Gathered } from '../gathered.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** The value of `consumer_type` that merges all types. Source: spec usages.md §2. */
const ALL_TYPES = 'all';

/** A project may have thousands of consumers, and who asks for a small one shall not wait for many of that kind. */
const MAX_OWNERS = 16;

/** What consumers of one type use together, under the name the API gives the group. */
export type UsageGroup = Omit<TypedUsage, 'consumerType'> & { readonly name: string };

@Injectable()
export class UsagesService {
  private readonly ofOwner = new Gathered(
    (owners: readonly UsageOwner[]) =>
      this.transactions.single('usages.totals', (tx) => this.usages.totals(tx, owners)),
    MAX_OWNERS,
  );

  private readonly ofOwnerByType = new Gathered(
    (owners: readonly UsageOwner[]) =>
      this.transactions.single('usages.byType', (tx) => this.usages.typedTotals(tx, owners)),
    MAX_OWNERS,
  );

  constructor(
    private readonly transactions: Transactions,
    private readonly usages: UsageStore,
    private readonly snapshots: SnapshotKeeper,
  ) {}

  /** What is used of each inventory of a provider, zeros included. Throws NotFound. Source: spec usages.md §1. */
  async byProvider(providerUuid: string): Promise<{ generation: Generation; usages: readonly UsageTotal[] }> {
    const text = `${noProvider(providerUuid)}: ${noProvider(providerUuid)}`;
    const { snapshot, index } = await this.snapshots.find(providerUuid, text);
    return {
      generation: providerAt(snapshot, index).generation,
      usages: inventoriesAt(snapshot, index).map(({ resourceClass, used }) => ({ resourceClass, used })),
    };
  }

  /** What a project's consumers use, by class. Source: spec usages.md §2, 1.9–1.37. */
  async totals(owner: UsageOwner): Promise<readonly UsageTotal[]> {
    return isStorable(owner) ? await this.ofOwner.get(owner) : [];
  }

  /** The same by type; `consumerType` undefined: every type for itself. Source: spec usages.md §2, 1.38. */
  async byType(owner: UsageOwner, consumerType: string | undefined): Promise<readonly UsageGroup[]> {
    const byType = isStorable(owner) ? await this.ofOwnerByType.get(owner) : [];
    if (consumerType === ALL_TYPES) return merged(byType);
    const groups = byType.map(toGroup);
    return consumerType === undefined ? groups : groups.filter(({ name }) => name === consumerType);
  }
}

/** What can't be stored owns nothing, and PostgreSQL would refuse the query of everybody it was gathered with. */
function isStorable({ projectId, userId }: UsageOwner): boolean {
  return !projectId.includes('\0') && userId?.includes('\0') !== true;
}

function toGroup({ consumerType, consumerCount, totals }: TypedUsage): UsageGroup {
  return { name: consumerType ?? UNKNOWN_CONSUMER_TYPE, consumerCount, totals };
}

function merged(groups: readonly TypedUsage[]): UsageGroup[] {
  if (groups.length === 0) return [];
  const sums = new Map<string, number>();
  for (const { resourceClass, used } of groups.flatMap(({ totals }) => totals)) {
    sums.set(resourceClass, (sums.get(resourceClass) ?? 0) + used);
  }
  return [
    {
      name: ALL_TYPES,
      // A consumer has one type, so no consumer is counted twice.
      consumerCount: groups.reduce((sum, { consumerCount }) => sum + consumerCount, 0),
      totals: [...sums].map(([resourceClass, used]) => ({ resourceClass, used })),
    },
  ];
}
