import {
  SHARING_TRAIT,
  toGeneration,
  type ChangedProvider,
  type Supply,
  type SupplyDelta,
  type SupplyInventory,
} from '#berth/domain';
import { drawWorld, RANDOM_TRAITS, type Draw } from './random-world.js';
import { toSupply } from './world.js';

interface Member {
  readonly id: number;
  readonly uuid: string;
  name: string;
  generation: number;
  parentId: number | null;
  readonly inventories: Map<number, SupplyInventory>;
  readonly traits: Set<number>;
  readonly aggregates: Set<string>;
}

/** Roots without children that some deployments have besides: more than a block of them. */
const FILLERS = 150;

/**
 * A deployment that changes at random, and tells what has changed since it was last asked: what a database with readers that follow it
 * would do, in memory.
 */
export class ChangingSupply {
  private readonly members = new Map<number, Member>();
  private readonly traits: Map<number, string>;
  private readonly classes: Map<number, string>;
  private readonly changed = new Set<number>();
  private readonly reshaped = new Set<number>();
  private removed: number[] = [];
  private namesChanged = false;
  private nextId: number;
  /** Ids of all that ever were: none is given out twice. */
  private readonly taken: Set<number>;
  private readonly takenTraits: Set<number>;
  private nextName = 1;

  constructor(private readonly draw: Draw) {
    const supply = toSupply(drawWorld(draw), RANDOM_TRAITS);
    this.traits = new Map(supply.traits.map(({ id, name }) => [id, name]));
    this.classes = new Map(supply.resourceClasses.map(({ id, name }) => [id, name]));
    this.takenTraits = new Set(this.traits.keys());
    for (const { id, uuid, name, generation, parentId } of supply.providers) {
      this.members.set(id, {
        ...{ id, uuid, name, generation, parentId },
        inventories: new Map(
          supply.inventories.filter((row) => row.providerId === id).map((row) => [row.resourceClassId, row]),
        ),
        traits: new Set(supply.providerTraits.filter((row) => row.providerId === id).map(({ traitId }) => traitId)),
        aggregates: new Set(
          supply.providerAggregates.filter((row) => row.providerId === id).map(({ aggregate }) => aggregate),
        ),
      });
    }
    this.taken = new Set(this.members.keys());
    this.nextId = this.members.size + 1;
    if (draw(0, 7) === 0) for (let at = draw(60, FILLERS); at > 0; at--) this.create(null);
    // Ids need not follow one another: a transaction that was given up took some.
    if (draw(0, 9) === 0) this.nextId += 1_000_000;
    this.takeDelta();
  }

  /** Uuids of all providers. */
  uuids(): string[] {
    return [...this.members.values()].map(({ uuid }) => uuid);
  }

  /** Everything there is now. */
  supply(): Supply {
    const members = [...this.members.values()];
    return {
      providers: members.map((member) => this.providerOf(member)),
      inventories: members.flatMap(({ inventories }) => [...inventories.values()]),
      providerTraits: members.flatMap(({ id, traits }) => [...traits].map((traitId) => ({ providerId: id, traitId }))),
      providerAggregates: members.flatMap(({ id, aggregates }) =>
        [...aggregates].map((aggregate) => ({ providerId: id, aggregate })),
      ),
      ...this.names(),
    };
  }

  /** The same, provider by provider, in no order. */
  whole(): ChangedProvider[] {
    return [...this.members.values()].map((member) => this.changeOf(member, true)).sort(() => this.draw(0, 2) - 1);
  }

  /** What has changed since the last call, now and then with some that has not. */
  takeDelta(): SupplyDelta {
    for (const id of this.reshaped) this.changed.add(id);
    if (this.draw(0, 4) === 0) this.changed.add(this.anyone().id);
    const changed = [...this.changed].flatMap((id): ChangedProvider[] => {
      const member = this.members.get(id);
      if (member === undefined) return [];
      const hasShape = this.reshaped.has(id) || this.draw(0, 5) === 0;
      return [this.changeOf(member, hasShape)];
    });
    const names = this.namesChanged || this.draw(0, 9) === 0 ? this.names() : undefined;
    const delta = { changed, removed: this.removed, names };
    this.changed.clear();
    this.reshaped.clear();
    this.removed = [];
    this.namesChanged = false;
    return delta;
  }

  /** Changes one thing. */
  change(): void {
    const { draw } = this;
    const member = this.anyone();
    const kind = draw(0, 15);
    if (kind <= 2) this.use(member);
    else if (kind === 3) this.refit(member);
    else if (kind === 4) this.toggleClass(member);
    else if (kind === 5) this.toggle(member.traits, [...this.traits.keys()], member);
    else if (kind === 6) this.toggle(member.aggregates, ['agg1', 'agg2', 'agg3', `agg${draw(4, 6)}`], member);
    else if (kind === 7) this.toggle(member.traits, this.idsOfTrait(SHARING_TRAIT), member);
    else if (kind === 8) this.create(null);
    else if (kind === 9) this.create(member.id);
    else if (kind === 10) this.move(member);
    else if (kind === 11) this.remove(member);
    else if (kind === 12) this.renameProviders(member);
    else if (kind === 13) this.changeNames(this.traits);
    else if (kind === 14) this.changeNames(this.classes);
    else this.changed.add(member.id);
  }

  private changeOf(member: Member, hasShape: boolean): ChangedProvider {
    return {
      provider: this.providerOf(member),
      inventories: [...member.inventories.values()].reverse(),
      shape: hasShape ? { traitIds: [...member.traits].reverse(), aggregates: [...member.aggregates] } : undefined,
    };
  }

  private anyone(): Member {
    const members = [...this.members.values()];
    const member = members[this.draw(0, members.length - 1)];
    if (member === undefined) throw new Error('nobody is left');
    return member;
  }

  private touch(member: Member, shaped = false): void {
    member.generation++;
    (shaped ? this.reshaped : this.changed).add(member.id);
  }

  private use(member: Member): void {
    for (const [id, row] of member.inventories) member.inventories.set(id, { ...row, used: this.draw(0, row.total) });
    this.touch(member);
  }

  private refit(member: Member): void {
    for (const id of member.inventories.keys()) member.inventories.set(id, this.inventory(member.id, id));
    this.touch(member);
  }

  private toggleClass(member: Member): void {
    const ids = [...this.classes.keys()];
    for (let at = this.draw(1, 3); at > 0; at--) {
      const id = ids[this.draw(0, ids.length - 1)] ?? 0;
      if (!member.inventories.delete(id)) member.inventories.set(id, this.inventory(member.id, id));
    }
    this.touch(member);
  }

  private inventory(providerId: number, resourceClassId: number): SupplyInventory {
    const { draw } = this;
    const total = draw(1, 12);
    const allocationRatio = [1, 1, 1.5, 16, 0.35][draw(0, 4)] ?? 1;
    const [minUnit, stepSize] = [draw(1, 2), draw(1, 2)];
    const [reserved, used, maxUnit] = [draw(0, 1), draw(0, 4), draw(2, total + 2)];
    return { providerId, resourceClassId, total, reserved, minUnit, maxUnit, stepSize, allocationRatio, used };
  }

  private toggle<T>(set: Set<T>, from: readonly T[], member: Member): void {
    const item = from[this.draw(0, Math.max(0, from.length - 1))];
    if (item === undefined) return;
    if (!set.delete(item)) set.add(item);
    this.touch(member, true);
  }

  private create(parentId: number | null): void {
    const { draw } = this;
    // Sometimes one that was begun earlier is committed later.
    const id = draw(0, 3) === 0 && !this.taken.has(this.nextId + 1) ? this.nextId + 1 : this.nextId;
    this.taken.add(id);
    while (this.taken.has(this.nextId)) this.nextId++;
    const member: Member = {
      ...{ id, uuid: `u${id}`, name: `name of u${id}`, generation: 0, parentId },
      inventories: new Map(),
      traits: new Set([...this.traits.keys()].filter(() => draw(0, 3) === 0)),
      aggregates: new Set(['agg1', 'agg2', 'agg3'].filter(() => draw(0, 3) === 0)),
    };
    this.members.set(id, member);
    for (const classId of [...this.classes.keys()].slice(0, 3)) {
      if (draw(0, 1) === 0) member.inventories.set(classId, this.inventory(id, classId));
    }
    this.reshaped.add(id);
  }

  /** Takes the provider with all that is below it to another parent, or makes it a root. The rows below are not told of. */
  private move(member: Member): void {
    const target = this.draw(0, 2) === 0 ? undefined : this.anyone();
    for (let above = target; above !== undefined; above = this.members.get(above.parentId ?? -1)) {
      if (above === member) return;
    }
    member.parentId = target?.id ?? null;
    this.touch(member);
  }

  private remove(member: Member): void {
    if (this.members.size < 3) return;
    for (const { parentId } of this.members.values()) if (parentId === member.id) return;
    this.members.delete(member.id);
    this.removed.push(member.id);
    if (this.draw(0, 3) === 0) this.removed.push(987_654_321);
  }

  private renameProviders(member: Member): void {
    const other = this.anyone();
    if (other === member) member.name = `another name ${this.nextName++}`;
    else [member.name, other.name] = [other.name, member.name];
    this.touch(member);
    this.touch(other);
  }

  /** A new name, with the highest id or one in between; another name for an id; or an end to a name and all uses of it. */
  private changeNames(names: Map<number, string>): void {
    const { draw } = this;
    this.namesChanged = true;
    const ids = [...names.keys()];
    const id = ids[draw(0, ids.length - 1)] ?? 0;
    const kind = draw(0, 3);
    if (kind <= 1) {
      // Traits are numbered by a sequence, classes by the highest number that is left.
      const taken = names === this.traits ? this.takenTraits : new Set(ids);
      const highest = Math.max(...taken);
      const fresh = kind === 0 ? highest + 2 : taken.has(highest - 1) ? highest + 1 : highest - 1;
      taken.add(fresh);
      names.set(fresh, `CUSTOM_N${this.nextName++}`);
    } else if (kind === 2) {
      const other = ids[draw(0, ids.length - 1)] ?? 0;
      const [a, b] = [names.get(id) ?? '', names.get(other) ?? ''];
      names.set(id, id === other ? `CUSTOM_N${this.nextName++}` : b);
      if (id !== other) names.set(other, a);
    } else if (ids.length > 3) {
      names.delete(id);
      for (const member of this.members.values()) {
        if (names === this.traits && member.traits.delete(id)) this.touch(member, true);
        if (names === this.classes && member.inventories.delete(id)) this.touch(member);
      }
    }
  }

  private idsOfTrait(name: string): number[] {
    return [...this.traits].filter(([, known]) => known === name).map(([id]) => id);
  }

  /** All traits and classes there are now. */
  names(): Pick<Supply, 'traits' | 'resourceClasses'> {
    const list = (names: ReadonlyMap<number, string>) => [...names].map(([id, name]) => ({ id, name }));
    return { traits: list(this.traits).reverse(), resourceClasses: list(this.classes) };
  }

  private providerOf({ id, uuid, name, generation, parentId }: Member): Supply['providers'][number] {
    let root = id;
    for (let above = parentId; above !== null; above = this.members.get(above)?.parentId ?? null) root = above;
    return { id, uuid, name, generation: toGeneration(generation), parentId, rootId: root, changedAtMs: generation };
  }
}
