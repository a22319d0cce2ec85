import type { SupplyName } from '#berth/domain';
import { indexIds } from './id-index.js';
import { EMPTY_SET, editSet, toIndexSet, type IndexSet, type SetEdit } from './index-set.js';

/** The labels of one provider; providers with the same labels share one. */
export interface Profile {
  /** Ids, ascending. */
  readonly labels: readonly number[];
  /** In the same order; made when first read. */
  names: readonly string[] | undefined;
  readonly nextOfHash: Profile | undefined;
}

/**
 * What providers are labelled with, traits or aggregates, both ways: who carries a label, and what a provider carries. A fleet has few distinct
 * hardware profiles: sharing them keeps 40 names a host from costing 40 references a host.
 */
export interface Labels {
  /** By name; for traits every known one, carried or not. */
  readonly sets: Map<string, IndexSet>;
  /** Per provider. */
  readonly profiles: Profile[];
  readonly names: Map<number, string>;
  pool: ProfilePool;
}

/** The distinct profiles, found by a hash of their numbers: a text as key takes 1.5 µs to make and stays. */
export class ProfilePool {
  private readonly byHash = new Map<number, Profile>();
  private size = 0;

  /** The profile of these labels, which ascend. */
  intern(labels: readonly number[]): Profile {
    let hash = labels.length;
    for (const label of labels) hash = Math.imul(hash ^ label, 0x01000193) ^ (hash >>> 15);
    const first = this.byHash.get(hash);
    for (let known = first; known !== undefined; known = known.nextOfHash) if (isSame(known, labels)) return known;
    const profile: Profile = { labels: labels.slice(), names: undefined, nextOfHash: first };
    this.byHash.set(hash, profile);
    this.size++;
    return profile;
  }

  /** Forgets the profiles that nobody has any more, once they are the larger part. */
  trim(live: readonly Profile[]): void {
    if (this.size <= 2 * live.length + POOL_AIR) return;
    this.byHash.clear();
    this.size = 0;
    // Not the objects of `live` themselves, their chains would stay: what they share is shared again as they change.
    for (const { labels } of new Set(live)) this.intern(labels);
  }
}

/** Profiles that may lie about unused whatever the fleet. */
const POOL_AIR = 1024;

function isSame({ labels }: Profile, others: readonly number[]): boolean {
  if (labels.length !== others.length) return false;
  for (let at = 0; at < labels.length; at++) if (labels[at] !== others[at]) return false;
  return true;
}

/**
 * The labels of providers whose profiles are known; `known` ascends by id. The lists come out ascending, for they are filled provider
 * by provider. Throws if a profile has a label that is not known.
 */
export function tabulateLabels(known: readonly SupplyName[], profiles: Profile[], pool: ProfilePool): Labels {
  const positions = indexIds(known);
  const sizes = new Int32Array(known.length);
  for (const { labels } of profiles) {
    for (const id of labels) {
      const position = positions.get(id);
      if (position < 0) throw new Error('supply: a provider carries an unknown trait');
      sizes[position] = (sizes[position] ?? 0) + 1;
    }
  }
  const lists = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  profiles.forEach(({ labels }, index) => {
    for (const id of labels) {
      const position = positions.get(id);
      const at = sizes[position] ?? 0;
      sizes[position] = at + 1;
      const list = lists[position];
      if (list !== undefined) list[at] = index;
    }
  });
  return {
    sets: new Map(known.map(({ name }, at) => [name, toIndexSet(lists[at] ?? EMPTY_SET.members, profiles.length)])),
    profiles,
    names: new Map(known.map(({ id, name }) => [id, name])),
    pool,
  };
}

/** Names of a profile in order of label id. */
export function namesOf({ names }: Labels, profile: Profile): readonly string[] {
  profile.names ??= profile.labels.map((id) => names.get(id) ?? '');
  return profile.names;
}

/** Edits by label id, made together at the end: one list is copied once, whoever comes and goes. */
export type LabelEdits = Map<number, SetEdit>;

/** Gives a provider these labels, distinct, in any order; whether that changes anything. The sets follow with `commitLabels`. */
export function relabel(labels: Labels, edits: LabelEdits, index: number, wanted: readonly number[]): boolean {
  const list = [...wanted].sort((a, b) => a - b);
  const before = labels.profiles[index]?.labels ?? [];
  const profile = labels.pool.intern(list);
  labels.profiles[index] = profile;
  let changed = false;
  for (let b = 0, w = 0; b < before.length || w < list.length;) {
    const [had, has] = [before[b] ?? Infinity, list[w] ?? Infinity];
    if (had === has) {
      b++;
      w++;
      continue;
    }
    changed = true;
    if (had < has) {
      editOf(edits, had).removed.push(index);
      b++;
    } else {
      editOf(edits, has).added.push(index);
      w++;
    }
  }
  return changed;
}

/** The edit of a key, made if there is none yet. */
export function editOf(edits: Map<number, SetEdit>, key: number): SetEdit {
  const known = edits.get(key);
  if (known !== undefined) return known;
  const edit: SetEdit = { added: [], removed: [] };
  edits.set(key, edit);
  return edit;
}

/** Lets all names be read anew, after a rename: with new profiles, for snapshots that rest have the old ones and the old names. */
export function forgetNames(labels: Labels): void {
  const { profiles } = labels;
  const pool = new ProfilePool();
  profiles.forEach((profile, index) => (profiles[index] = pool.intern(profile.labels)));
  labels.pool = pool;
}

/** Brings the sets up to date with the profiles. A label that is not known any more has no set to change; throws if somebody takes one on. */
export function commitLabels(labels: Labels, edits: LabelEdits): void {
  for (const [id, edit] of edits) {
    const name = labels.names.get(id);
    if (name === undefined) {
      if (edit.added.length > 0) throw new Error('supply: a provider carries an unknown trait');
      continue;
    }
    labels.sets.set(name, editSet(labels.sets.get(name) ?? EMPTY_SET, edit, labels.profiles.length));
  }
  labels.pool.trim(labels.profiles);
}
