import { EMPTY_SET, type IndexSet } from './index-set.js';
import { SEVERAL, Sieve } from './provider-stages.js';
import { conditionDrops, type Relaxation } from './relaxation.js';
import type { RequestGroup } from './request.js';
import type { Snapshot } from './snapshot.js';

/** What can keep a provider from serving a group. Its number is its place in the list plus one. */
export interface Obstacle {
  /** Each takes the obstacle away, or may do so. */
  readonly drops: readonly Relaxation[];
  /** Set where another amount of the class would do, too. */
  readonly amountOf: string | undefined;
}

/** One choice of a group, held against all providers. */
export interface Screened {
  readonly resources: RequestGroup['resources'];
  readonly sieve: Sieve;
}

/** A group, held against all providers by itself. Unknown names are names that nobody carries. */
export interface ScreenedGroup {
  readonly group: RequestGroup;
  readonly granular: boolean;
  readonly obstacles: readonly Obstacle[];
  readonly choices: readonly Screened[];
  /** Numbers of obstacles that depend on the anchor, too; 0 if there is no such condition. */
  readonly membership: number;
  readonly tree: number;
  /** Aggregates that keep a whole tree out if its root is in them, with the number of the obstacle. Unsuffixed group only. */
  readonly barring: readonly { readonly set: IndexSet; readonly obstacle: number }[];
  /** Whether a provider itself is in every member_of; undefined if there is none. */
  readonly ownMembers: Uint8Array | undefined;
}

/** Holds every condition of the group against the providers. Source: spec allocation_candidates.md §5, §6. */
export function screen(snapshot: Snapshot, group: RequestGroup): ScreenedGroup {
  return new Screener(snapshot, group).run();
}

class Screener {
  private readonly granular: boolean;
  private readonly obstacles: Obstacle[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly drops: readonly Relaxation[];
  private readonly barring: { set: IndexSet; obstacle: number }[] = [];
  private readonly treeRange: readonly [number, number] | undefined;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly group: RequestGroup,
  ) {
    this.granular = group.suffix !== '';
    this.drops = conditionDrops(group);
    const { suffix, resources } = group;
    for (const { resourceClass, amount } of resources) {
      const removal = { kind: 'remove_class', suffix, resourceClass, amount } as const;
      const drops = resources.length > 1 ? [removal] : [];
      this.enter(`class ${resourceClass}`, { drops, amountOf: undefined });
      this.enter(`amount ${resourceClass}`, { drops, amountOf: resourceClass });
    }
    for (const drop of this.drops) {
      // Whether one member_of is met may depend on the others: the root must meet all of them in a provider's stead.
      const key = drop.kind === 'drop_member_of' ? drop.kind : JSON.stringify(drop);
      if (this.numbers.has(key)) continue;
      const alike = drop.kind === 'drop_member_of' ? this.drops.filter(({ kind }) => kind === drop.kind) : [drop];
      this.enter(key, { drops: alike, amountOf: undefined });
    }
    this.enter('nothing', { drops: [], amountOf: undefined });
    this.treeRange = this.findTree();
  }

  run(): ScreenedGroup {
    const { group, granular, obstacles, barring } = this;
    const flags = this.flagConditions();
    const parts = granular ? [group.resources] : group.resources.map((demand) => [demand]);
    const choices = parts.map((resources) => ({ resources, sieve: this.sift(resources, flags) }));
    const ownMembers = group.memberOf.length === 0 ? undefined : this.inAll(group.memberOf);
    const membership = this.numbers.get('drop_member_of') ?? 0;
    const tree = group.inTree === undefined ? 0 : this.numberOf({ kind: 'drop_in_tree', ...this.inTree() });
    return { group, granular, obstacles, choices, membership, tree, barring, ownMembers };
  }

  private sift(resources: RequestGroup['resources'], flags: readonly Flagged[]): Sieve {
    const { snapshot, group, treeRange } = this;
    const count = snapshot.layout.providers.length;
    const classes = resources.map(({ resourceClass }) => snapshot.classIndexByName.get(resourceClass) ?? -1);
    // One class: who lacks it needs no look, for nothing but dropping the choice would help. Several: dropping one of them may.
    const column = classes.length === 1 ? (snapshot.inventory.columns[classes[0] ?? -1] ?? NOBODY) : undefined;
    const sieve = new Sieve(snapshot, column ?? everybody(count));
    const within = treeRange ?? ([0, count] as const);
    if (treeRange !== undefined) {
      const number = this.numberOf({ kind: 'drop_in_tree', ...this.inTree() });
      sieve.keepRange(...treeRange, number, { kind: 'in_tree', uuid: group.inTree ?? '' });
    }
    resources.forEach((asked, at) => {
      const lacking = this.numbers.get(`class ${asked.resourceClass}`) ?? 0;
      const tooMuch = this.numbers.get(`amount ${asked.resourceClass}`) ?? 0;
      sieve.keepFitting(classes[at] ?? -1, asked, lacking, tooMuch, within);
    });
    for (const { carried, wanted, obstacle, condition } of flags) {
      sieve.keepFlagged(carried, wanted, obstacle, condition);
    }
    return sieve;
  }

  /** The conditions that are the same for each choice of the group, as flags per provider. */
  private flagConditions(): Flagged[] {
    const { snapshot, group, granular } = this;
    const flagged: Flagged[] = [];
    for (const drop of this.drops) {
      const obstacle = this.numberOf(drop);
      if (drop.kind === 'drop_required' && granular) {
        const carried = this.inSome(drop.traits.map((name) => snapshot.traits.get(name) ?? EMPTY_SET));
        flagged.push({ carried, wanted: 1, obstacle, condition: { kind: 'required', traits: drop.traits } });
      } else if (drop.kind === 'drop_forbidden') {
        const carried = this.inSome([snapshot.traits.get(drop.trait) ?? EMPTY_SET]);
        flagged.push({ carried, wanted: 0, obstacle, condition: { kind: 'forbidden', trait: drop.trait } });
      } else if (drop.kind === 'drop_member_of') {
        const { aggregates } = drop;
        const seen = flagged.filter(({ condition }) => condition.kind === 'member_of').length;
        const carried = this.members(this.distinctMemberOf().slice(0, seen + 1));
        flagged.push({ carried, wanted: 1, obstacle, condition: { kind: 'member_of', aggregates } });
      } else if (drop.kind === 'drop_not_member_of') {
        const carried = this.barred(drop.aggregate, obstacle);
        flagged.push({ carried, wanted: 0, obstacle, condition: { kind: 'not_member_of', aggregate: drop.aggregate } });
      }
    }
    const asksForNothing =
      granular && [group.resources, group.required, group.memberOf].every(({ length }) => length === 0);
    if (asksForNothing) {
      const carried = new Uint8Array(snapshot.layout.providers.length);
      const obstacle = this.numbers.get('nothing') ?? 0;
      flagged.push({ carried, wanted: 1, obstacle, condition: { kind: 'nothing_asked' } });
    }
    return flagged;
  }

  private distinctMemberOf(): (readonly string[])[] {
    return this.drops.flatMap((drop) => (drop.kind === 'drop_member_of' ? [drop.aggregates] : []));
  }

  /** Who meets all of these: by itself or, in the unsuffixed group, because its root does. */
  private members(memberOf: readonly (readonly string[])[]): Uint8Array {
    const own = this.inAll(memberOf);
    return this.granular ? own : this.orRoots(own);
  }

  private barred(aggregate: string, obstacle: number): Uint8Array {
    const set = this.snapshot.aggregates.get(aggregate) ?? EMPTY_SET;
    const own = this.inSome([set]);
    if (this.granular) return own;
    this.barring.push({ set, obstacle });
    const barred = this.orRoots(own);
    for (const sharer of this.snapshot.sharing.sharing.members) barred[sharer] = own[sharer] ?? 0;
    return barred;
  }

  /** Flags of a provider or its root. */
  private orRoots(own: Uint8Array): Uint8Array {
    const either = own.slice();
    if (!this.snapshot.nested) return either;
    const { root } = this.snapshot.layout;
    for (let index = 0; index < either.length; index++) {
      if (own[root[index] ?? index] === 1) either[index] = 1;
    }
    return either;
  }

  private inAll(lists: readonly (readonly string[])[]): Uint8Array {
    const all = new Uint8Array(this.snapshot.layout.providers.length).fill(1);
    for (const list of lists) {
      const some = this.inSome(list.map((uuid) => this.snapshot.aggregates.get(uuid) ?? EMPTY_SET));
      for (let index = 0; index < all.length; index++) all[index] = (all[index] ?? 0) & (some[index] ?? 0);
    }
    return all;
  }

  private inSome(sets: readonly IndexSet[]): Uint8Array {
    const flags = new Uint8Array(this.snapshot.layout.providers.length);
    for (const { members } of sets) for (let at = 0; at < members.length; at++) flags[members[at] ?? 0] = 1;
    return flags;
  }

  /** The indexes of the only tree allowed, none if the provider is unknown; undefined where in_tree says nothing (§5). */
  private findTree(): readonly [number, number] | undefined {
    const { snapshot, group } = this;
    if (group.inTree === undefined) return undefined;
    const member = snapshot.indexByUuid.get(group.inTree);
    if (member === undefined) return [0, 0];
    if (group.resources.length === 0) return undefined;
    const root = snapshot.layout.root[member] ?? member;
    return [root, snapshot.layout.subtreeEnd[root] ?? root + 1];
  }

  private inTree(): { readonly suffix: string; readonly uuid: string } {
    return { suffix: this.group.suffix, uuid: this.group.inTree ?? '' };
  }

  private enter(key: string, obstacle: Obstacle): void {
    this.obstacles.push(obstacle);
    this.numbers.set(key, Math.min(this.obstacles.length, SEVERAL));
  }

  private numberOf(drop: Relaxation): number {
    return this.numbers.get(drop.kind === 'drop_member_of' ? drop.kind : JSON.stringify(drop)) ?? 0;
  }
}

/** One condition as a flag per provider. */
interface Flagged {
  readonly carried: Uint8Array;
  readonly wanted: 0 | 1;
  readonly obstacle: number;
  readonly condition: Parameters<Sieve['keepFlagged']>[3];
}

const NOBODY = new Int32Array(0);

function everybody(count: number): Int32Array {
  const all = new Int32Array(count);
  for (let index = 0; index < count; index++) all[index] = index;
  return all;
}
