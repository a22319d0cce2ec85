import { listProviders, type Snapshot } from '#berth/candidates';
import {
  duplicateProvider,
  Invalid,
  noProvider,
  NotFound,
  planTree,
  ProviderGenerationConflict,
  REASONS,
  type ProviderChange,
  type TreePlan,
  type WantedProvider,
} from '#berth/domain';
import { LockPoolsService, withPermit } from '#berth/locks';
import { GenerationService, LostRace, ProviderStore, ProviderTreeStore, Transactions, type Tx } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** A whole tree as it shall be. */
export interface WantedTree {
  readonly rootUuid: string;
  readonly providers: readonly WantedProvider[];
  /** Whether members of the tree that aren't named shall go. */
  readonly prune: boolean;
}

/** What an apply did, and the tree after it. */
export interface AppliedTree {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly snapshot: Snapshot;
  /** Indexes into the snapshot. */
  readonly providers: readonly number[];
}

/** What an import did to a tree: the uuids of providers. */
export type ImportedTree = Pick<AppliedTree, 'created' | 'changed' | 'removed'>;

/** Of all imports of all servers together, so many trees are written at once: the pool's capacity, which admins may change. */
const IMPORT_POOL = 'imports';

/** Far more than a tree takes; renewed while it takes longer. */
const IMPORT_LEASE_MS = 60_000;

/** Beyond the lease of one whose server died. */
const IMPORT_WAIT_MS = 120_000;

/** Makes a whole tree what it shall be, at once or not at all. */
@Injectable()
export class ProviderTreesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly trees: ProviderTreeStore,
    private readonly providers: ProviderStore,
    private readonly generations: GenerationService,
    private readonly snapshots: SnapshotKeeper,
    private readonly pools: LockPoolsService,
  ) {}

  /** Throws as `planTree`, Invalid for unknown traits, Conflict for a taken name. One transaction; nothing is half done. */
  async apply(tree: WantedTree): Promise<AppliedTree> {
    const plan = await this.carryOut(tree);
    const snapshot = await this.snapshots.current();
    const providers = listProviders(snapshot, { ...EVERYTHING, inTree: tree.rootUuid });
    return { ...toImported(plan), snapshot, providers };
  }

  /**
   * The same under a permit of the pool of imports, keyed by the tree's root. `owner`: which import it is. Throws LockPoolBusy where
   * there is none to be had, and as `apply`.
   */
  async import(tree: WantedTree, owner: string): Promise<ImportedTree> {
    const ask = { key: tree.rootUuid, owner, leaseMs: IMPORT_LEASE_MS, waitMs: IMPORT_WAIT_MS };
    return toImported(await withPermit(this.pools, IMPORT_POOL, ask, () => this.carryOut(tree)));
  }

  private carryOut({ rootUuid, providers: wanted, prune }: WantedTree): Promise<TreePlan> {
    return this.transactions.run('providerTrees.apply', async (tx) => {
      const standing = await this.trees.lock(tx, [rootUuid, ...wanted.map(({ uuid }) => uuid)]);
      const { classIds, traitIds } = await this.trees.resolve(tx, wanted);
      checkTraits(wanted, traitIds);
      const planned = planTree(wanted, { rootUuid, standing, classIds, prune });
      const ids = new Map([...standing.values()].map(({ uuid, id }) => [uuid, id]));
      for (const change of planned.changes) await this.raise(tx, change);
      await this.build(tx, rootUuid, planned, ids);
      for (const { wanted: made, ...parts } of planned.creations)
        await this.trees.write(tx, idOf(ids, made.uuid), parts, traitIds);
      for (const { standing: changed, ...parts } of planned.changes)
        await this.trees.write(tx, changed.id, parts, traitIds);
      return planned;
    });
  }

  private async raise(tx: Tx, { standing: { id, uuid }, claimed }: ProviderChange): Promise<void> {
    const bump = await this.generations.increment(tx, 'provider', id, claimed);
    if (bump.status === 'bumped') return;
    if (bump.status === 'missing') throw new NotFound(noProvider(uuid), { reason: REASONS.providerNotFound });
    throw new ProviderGenerationConflict('resource provider generation conflict', uuid, bump.found, claimed);
  }

  /** Names and parents. What leaves a name leaves it before anybody else takes it. Adds the ids of what is new to `ids`. */
  private async build(tx: Tx, rootUuid: string, plan: TreePlan, ids: Map<string, number>): Promise<void> {
    const renamed = plan.changes.filter(({ name }) => name !== undefined);
    await this.providers.vacateNames(tx, [
      ...renamed.map(({ standing }) => standing.id),
      ...plan.removals.map(({ id }) => id),
    ]);
    const taken = await this.providers.findTakenName(
      tx,
      plan.creations.map(({ wanted: { name } }) => name),
    );
    if (taken !== undefined) throw duplicateProvider(`name: ${taken}`);
    for (const { wanted } of plan.creations) {
      const { uuid, name, parentUuid } = wanted;
      const parent = parentUuid === null ? null : { id: idOf(ids, parentUuid), rootId: idOf(ids, rootUuid) };
      await this.providers.insert(tx, [{ uuid, name, parent }]);
      ids.set(uuid, idOf(await this.providers.idsByUuid(tx, [uuid]), uuid));
    }
    for (const { standing, parentUuid } of plan.changes) {
      if (parentUuid === undefined) continue;
      await this.providers.setParent(tx, standing.id, parentUuid === null ? null : idOf(ids, parentUuid));
    }
    const filed = await this.providers.fileUnderRoot(tx, idOf(ids, rootUuid));
    for (const { id } of plan.removals) await this.trees.remove(tx, id);
    for (const { standing, name } of renamed) {
      if (name !== undefined && !(await this.providers.rename(tx, standing.id, name)))
        throw duplicateProvider(`name: ${name}`);
    }
    // What comes and what goes is in the log of changes already.
    await this.generations.touch(tx, filed, true);
  }
}

function toImported({ creations, changes, removals }: TreePlan): ImportedTree {
  return {
    created: creations.map(({ wanted: { uuid } }) => uuid),
    changed: changes.map(({ standing: { uuid } }) => uuid),
    removed: removals.map(({ uuid }) => uuid),
  };
}

const EVERYTHING = {
  name: undefined,
  uuid: undefined,
  resources: [],
  required: [],
  forbidden: [],
  memberOf: [],
  notMemberOf: [],
};

function idOf(ids: ReadonlyMap<string, number>, uuid: string): number {
  const id = ids.get(uuid);
  if (id === undefined) throw new LostRace(`${uuid} was there when the tree was planned`);
  return id;
}

function checkTraits(wanted: readonly WantedProvider[], known: ReadonlyMap<string, number>): void {
  const unknown = new Set(wanted.flatMap(({ traits = [] }) => traits.filter((name) => !known.has(name))));
  if (unknown.size === 0) return;
  const traits = [...unknown].sort();
  throw new Invalid(`No such trait(s): ${traits.join(', ')}.`, { reason: REASONS.traitNotFound, facts: { traits } });
}
