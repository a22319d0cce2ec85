import type { ChangedProvider, SupplyName } from '#berth/domain';
import { indexIds } from './id-index.js';
import { EMPTY_SET } from './index-set.js';
import { forgetNames } from './labels.js';
import type { Snapshot } from './snapshot.js';

/** Takes over the classes of a delta, which has been numbered already; whether one is called otherwise than before. */
export function updateClasses(snapshot: Snapshot, classes: readonly SupplyName[]): boolean {
  const { classNames, classIds, classIndexByName, inventory } = snapshot;
  let renamed = false;
  classes.forEach(({ id, name }, at) => {
    if (at === classIds.length) {
      classIds.push(id);
      inventory.columns.push(EMPTY_SET.members);
      inventory.blockRoom.push(EMPTY_SET.members);
    } else if (classNames[at] !== name) {
      renamed = true;
    }
    classNames[at] = name;
  });
  classIndexByName.clear();
  classNames.forEach((name, at) => classIndexByName.set(name, at));
  snapshot.classIndexById = indexIds(classes);
  return renamed;
}

/** Takes over the traits of a delta; whether one is called otherwise than before. */
export function updateTraits({ traitLabels }: Snapshot, traits: readonly SupplyName[]): boolean {
  const { sets, names } = traitLabels;
  const kept = new Map(Array.from(names, ([id, name]) => [id, { name, set: sets.get(name) ?? EMPTY_SET }]));
  let renamed = false;
  names.clear();
  sets.clear();
  for (const { id, name } of traits) {
    const before = kept.get(id);
    renamed ||= before !== undefined && before.name !== name;
    names.set(id, name);
    sets.set(name, before?.set ?? EMPTY_SET);
  }
  if (renamed) forgetNames(traitLabels);
  return renamed;
}

/** Lets uuids and names lead to the providers that have them after the delta. To be done before anything is numbered. */
export function updateTexts(
  { layout, indexByUuid, indexByName }: Snapshot,
  changed: readonly ChangedProvider[],
  removed: readonly number[],
): void {
  const forget = (texts: Map<string, number>, text: string, id: number): void => {
    if (texts.get(text) === id) texts.delete(text);
  };
  for (const id of removed) {
    const before = layout.providers[layout.indexById.get(id)];
    if (before === undefined) continue;
    forget(indexByUuid.ids, before.uuid, id);
    forget(indexByName.ids, before.name, id);
  }
  for (const { provider } of changed) {
    const before = layout.providers[layout.indexById.get(provider.id)];
    if (before === undefined) indexByUuid.ids.set(provider.uuid, provider.id);
    else if (before.name !== provider.name) forget(indexByName.ids, before.name, provider.id);
  }
  // After everybody has given up the old one: two providers may have swapped their names.
  for (const { provider } of changed) indexByName.ids.set(provider.name, provider.id);
}
