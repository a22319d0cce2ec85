import { SHARING_TRAIT, type ChangedProvider, type SupplyDelta } from '#berth/domain';
import { commitInventories, writeInventories, type InventoryEdits } from './delta-inventory.js';
import { updateClasses, updateTexts, updateTraits } from './delta-names.js';
import { settleNumbering } from './delta-numbering.js';
import { byId } from './id-index.js';
import { EMPTY_SET, hasIndex, type SetEdit } from './index-set.js';
import { commitLabels, relabel, type LabelEdits } from './labels.js';
import { relateSharing, updateAround } from './sharing.js';
import { classesOfSharers, type AggregateLabels, type Snapshot } from './snapshot.js';

/**
 * Brings the snapshot up to date: the answer equals `buildSnapshot` of the changed supply. It is the same object, changed in
 * place, as long as every index keeps its meaning; otherwise another one, and the old keeps still: it is not to be given to
 * `applyDelta` again. Throws (a bug, not an `Invalid`) if the delta does not fit what is known; the snapshot is of no use then
 * and has to be built anew.
 */
export function applyDelta(snapshot: Snapshot, delta: SupplyDelta): Snapshot {
  const changed = latestOf(delta);
  const classes = delta.names === undefined ? undefined : byId(delta.names.resourceClasses);
  updateTexts(snapshot, changed, delta.removed);
  const known = snapshot.layout.providers.length;
  const current = settleNumbering(snapshot, changed, delta.removed, classes);
  let renamed = false;
  if (delta.names !== undefined && classes !== undefined) {
    const traitRenamed = updateTraits(current, byId(delta.names.traits));
    // Another numbering has taken the names over on its way, unseen.
    renamed = updateClasses(current, classes) || traitRenamed || current !== snapshot;
  }
  if (renamed) current.layout.providers.forEach((provider, index, all) => (all[index] = { ...provider }));
  const edits = writeProviders(current, changed);
  commitInventories(current, edits.inventory);
  commitLabels(current.traitLabels, edits.traits);
  commitLabels(current.aggregateLabels, edits.aggregates);
  // Who was removed has left without an edit.
  dropEmpty(
    current.aggregateLabels,
    current === snapshot ? edits.aggregates.keys() : current.aggregateLabels.names.keys(),
  );
  followSharing(current, edits, current === snapshot ? known : undefined);
  return current;
}

interface Edits {
  readonly inventory: InventoryEdits;
  readonly traits: LabelEdits;
  readonly aggregates: LabelEdits;
  /** Who is in other aggregates than before. */
  readonly regrouped: number[];
}

/** Each provider once, as it is said last, and none that is gone. */
function latestOf({ changed, removed }: SupplyDelta): readonly ChangedProvider[] {
  if (changed.length <= 1 && removed.length === 0) return changed;
  const latest = new Map(changed.map((change) => [change.provider.id, change]));
  for (const id of removed) latest.delete(id);
  return [...latest.values()];
}

function writeProviders(snapshot: Snapshot, changed: readonly ChangedProvider[]): Edits {
  const { layout, traitLabels, aggregateLabels } = snapshot;
  const edits: Edits = {
    inventory: { columns: new Map(), lowered: new Set() },
    traits: new Map(),
    aggregates: new Map(),
    regrouped: [],
  };
  for (const { provider, inventories, shape } of changed) {
    const index = layout.indexById.get(provider.id);
    layout.providers[index] = provider;
    writeInventories(snapshot, index, inventories, edits.inventory);
    if (shape === undefined) continue;
    relabel(traitLabels, edits.traits, index, shape.traitIds);
    const aggregates = shape.aggregates.map((name) => aggregateId(aggregateLabels, name));
    if (relabel(aggregateLabels, edits.aggregates, index, aggregates)) edits.regrouped.push(index);
  }
  return edits;
}

function aggregateId({ ids, names, next }: AggregateLabels, name: string): number {
  const known = ids.get(name);
  if (known !== undefined) return known;
  const id = next.id++;
  ids.set(name, id);
  names.set(id, name);
  return id;
}

/** An aggregate without members is not known any more. */
function dropEmpty({ ids, names, sets }: AggregateLabels, candidates: Iterable<number>): void {
  for (const id of candidates) {
    const name = names.get(id);
    if (name === undefined || sets.get(name)?.members.length !== 0) continue;
    sets.delete(name);
    names.delete(id);
    ids.delete(name);
  }
}

/** `known`: how many providers were there before, undefined if all have got other numbers. */
function followSharing(snapshot: Snapshot, { inventory, regrouped }: Edits, known: number | undefined): void {
  const { layout, aggregateLabels } = snapshot;
  const sharing = snapshot.traits.get(SHARING_TRAIT) ?? EMPTY_SET;
  const before = snapshot.sharing;
  const sharesOtherwise =
    known === undefined || sharing !== before.sharing || regrouped.some((index) => hasIndex(sharing, index));
  if (sharesOtherwise) {
    snapshot.sharing = relateSharing(layout, sharing, aggregateLabels);
  } else if (sharing.members.length > 0) {
    const roots = new Set(regrouped.map((index) => layout.root[index] ?? index));
    for (let index = known; index < layout.providers.length; index++) roots.add(layout.root[index] ?? index);
    if (roots.size > 0) updateAround(before, layout, aggregateLabels, roots);
  }
  const concernsSharers = ({ added, removed }: SetEdit) =>
    [...added, ...removed].some((index) => hasIndex(sharing, index));
  const classCount = snapshot.inventory.columns.length;
  if (
    sharesOtherwise ||
    snapshot.sharedClasses.length !== classCount ||
    (sharing.members.length > 0 && [...inventory.columns.values()].some(concernsSharers))
  ) {
    snapshot.sharedClasses = classesOfSharers(snapshot.inventory, snapshot.sharing);
  }
}
