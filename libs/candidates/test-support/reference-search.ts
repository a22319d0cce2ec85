import { capacityOf, fits, Invalid, SHARING_TRAIT, type Supply } from '#berth/domain';
import type { CandidatesRequest, RequestGroup } from '../src/request.js';

/** A result of the reference: names only, in the notation of `describeResult`. */
export interface ReferenceResult {
  readonly candidates: readonly string[];
  readonly summarized: readonly string[];
}

interface Use {
  readonly provider: string;
  readonly resourceClass: string;
  readonly amount: number;
}

interface Partial {
  readonly anchor: string;
  readonly use: readonly Use[];
  readonly by: ReadonlySet<string>;
}

interface Found {
  readonly amounts: ReadonlyMap<string, Use>;
  readonly mapping: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The pseudo-code of spec allocation_candidates.md §9, step by step over plain sets of uuids, without any cleverness: what the search is held
 * against. Ignores `limit`, `maxCandidates` and `randomize`.
 */
export function referenceSearch(supply: Supply, request: CandidatesRequest): ReferenceResult {
  const world = new World(supply);
  const found = solve(world, request);
  const nested = world.all.some((provider) => world.rootOf(provider) !== provider);
  if (request.spanTrees || !nested) return describe(world, found, true);
  const single = found.filter(({ amounts }) => {
    const givers = [...new Set([...amounts.values()].map(({ provider }) => provider))];
    return new Set(givers.map((provider) => world.rootOf(provider))).size === givers.length;
  });
  return describe(world, single, false);
}

function describe(world: World, found: readonly Found[], wholeTrees: boolean): ReferenceResult {
  const givers = new Set(found.flatMap(({ amounts }) => [...amounts.values()].map(({ provider }) => provider)));
  const roots = new Set([...givers].map((provider) => world.rootOf(provider)));
  return {
    candidates: found
      .map(({ amounts, mapping }) => {
        const given = [...amounts.values()].map((use) => `${use.provider}(${use.resourceClass}:${use.amount})`);
        const served = [...mapping].map(([suffix, by]) => `${suffix}→${[...by].sort().join()}`);
        return `${given.sort().join(' ')} | ${served.sort().join(' ')}`;
      })
      .sort(),
    summarized: (wholeTrees ? world.all.filter((provider) => roots.has(world.rootOf(provider))) : [...givers]).sort(),
  };
}

function solve(world: World, request: CandidatesRequest): Found[] {
  let roots = world.all.filter((provider) => world.rootOf(provider) === provider);
  if (request.rootRequired.length > 0 || request.rootForbidden.length > 0) {
    [...request.rootRequired, ...request.rootForbidden].forEach((name) => world.checkTrait(name));
    roots = roots.filter(
      (root) =>
        request.rootRequired.every((name) => world.hasTrait(root, name)) &&
        !request.rootForbidden.some((name) => world.hasTrait(root, name)),
    );
    if (roots.length === 0) return [];
  }
  const partials = new Map<string, Partial[]>();
  for (const group of request.groups) {
    const list = partialsOf(world, group, roots);
    if (list.length === 0) return [];
    partials.set(group.suffix, list);
  }
  const results = new Map<string, Found>();
  for (const anchor of roots) {
    for (const found of foundAt(world, request, partials, anchor)) results.set(keyOf(found), found);
  }
  return [...results.values()];
}

function foundAt(world: World, request: CandidatesRequest, partials: ReadonlyMap<string, Partial[]>, anchor: string) {
  const choices = [...partials].map(([suffix, list]) =>
    list.filter((partial) => partial.anchor === anchor).map((partial) => ({ suffix, partial })),
  );
  return product(choices).flatMap((combo) => combine(world, request, combo) ?? []);
}

/** The same for one root as only anchor, `root_required` apart: how many results there are, at 1.29 or above. */
export function referenceCountAt(world: World, request: CandidatesRequest, anchor: string): number {
  const partials = new Map(request.groups.map((group) => [group.suffix, partialsOf(world, group, [anchor])]));
  return foundAt(world, request, partials, anchor).length;
}

function partialsOf(world: World, group: RequestGroup, roots: readonly string[]): Partial[] {
  group.resources.forEach(({ resourceClass }) => world.checkClass(resourceClass));
  const inM = (provider: string) =>
    group.memberOf.every((set) => set.some((aggregate) => world.isIn(provider, aggregate)));
  const inF = (provider: string) => group.notMemberOf.some((aggregate) => world.isIn(provider, aggregate));
  if (group.memberOf.length > 0 && !world.all.some(inM)) return [];
  [...group.required.flat(), ...group.forbidden].forEach((name) => world.checkTrait(name));
  if (group.inTree !== undefined && !world.all.includes(group.inTree)) return [];
  const tree = group.inTree === undefined ? undefined : world.rootOf(group.inTree);
  const room = new Map(
    group.resources.map(({ resourceClass, amount }) => [
      resourceClass,
      new Set(
        world.all.filter(
          (provider) =>
            world.fits(provider, resourceClass, amount) && (tree === undefined || world.rootOf(provider) === tree),
        ),
      ),
    ]),
  );
  if ([...room.values()].some((providers) => providers.size === 0)) return [];
  const meets = (traits: ReadonlySet<string>) =>
    group.required.every((set) => set.some((name) => traits.has(name))) &&
    !group.forbidden.some((name) => traits.has(name));
  const list: Partial[] = [];
  if (group.suffix !== '') {
    if (group.resources.length === 0 && group.required.length === 0 && group.memberOf.length === 0) return [];
    for (const provider of world.all) {
      if (![...room.values()].every((providers) => providers.has(provider))) continue;
      if (!inM(provider) || inF(provider) || !meets(world.traitsOf(provider))) continue;
      const use = group.resources.map((demand) => ({ provider, ...demand }));
      for (const anchor of roots) {
        if (world.rootOf(provider) === anchor || world.sharesWith(provider, anchor)) {
          list.push({ anchor, use, by: new Set([provider]) });
        }
      }
    }
    return list;
  }
  for (const anchor of roots) {
    const options = group.resources.map((demand) =>
      [...(room.get(demand.resourceClass) ?? [])]
        .filter((provider) => {
          const outside =
            world.sharesWith(provider, anchor) && tree === undefined && (group.memberOf.length === 0 || inM(provider));
          if (world.rootOf(provider) !== anchor && !outside) return false;
          if (group.memberOf.length > 0 && !inM(provider) && !inM(anchor)) return false;
          return !inF(provider) && !inF(anchor);
        })
        .map((provider) => ({ provider, ...demand })),
    );
    for (const use of product(options)) {
      const by = new Set(use.map(({ provider }) => provider));
      if (meets(new Set([...by].flatMap((provider) => [...world.traitsOf(provider)])))) list.push({ anchor, use, by });
    }
  }
  return list;
}

function combine(
  world: World,
  request: CandidatesRequest,
  combo: readonly { readonly suffix: string; readonly partial: Partial }[],
): Found | undefined {
  const mapping = new Map(combo.map(({ suffix, partial }) => [suffix, partial.by]));
  if (request.groupPolicy === 'isolate') {
    const chosen = combo.filter(({ suffix }) => suffix !== '').flatMap(({ partial }) => [...partial.by]);
    if (new Set(chosen).size < chosen.length) return undefined;
  }
  for (const subtree of request.sameSubtrees) {
    const members = subtree.flatMap((suffix) => [...(mapping.get(suffix) ?? [])]);
    if (!members.some((top) => members.every((member) => world.isAbove(top, member)))) return undefined;
  }
  const amounts = new Map<string, Use>();
  for (const use of combo.flatMap(({ partial }) => partial.use)) {
    const key = `${use.provider} ${use.resourceClass}`;
    amounts.set(key, { ...use, amount: use.amount + (amounts.get(key)?.amount ?? 0) });
  }
  for (const { provider, resourceClass, amount } of amounts.values()) {
    const record = world.inventory(provider, resourceClass);
    if (record === undefined || record.used + amount > capacityOf(record) || amount > record.maxUnit) return undefined;
  }
  return { amounts, mapping };
}

function keyOf({ amounts, mapping }: Found): string {
  const given = [...amounts].map(([key, { amount }]) => `${key} ${amount}`).sort();
  return JSON.stringify([given, [...mapping].map(([suffix, by]) => [suffix, [...by].sort()]).sort()]);
}

function product<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((done, list) => done.flatMap((start) => list.map((item) => [...start, item])), [[]]);
}

/** The supply reading by name. */
export class World {
  readonly all: readonly string[];
  private readonly uuidById: ReadonlyMap<number, string>;

  constructor(private readonly supply: Supply) {
    this.all = supply.providers.map(({ uuid }) => uuid);
    this.uuidById = new Map(supply.providers.map(({ id, uuid }) => [id, uuid]));
  }

  rootOf(uuid: string): string {
    return this.uuidById.get(this.provider(uuid).rootId) ?? '';
  }

  isAbove(top: string, uuid: string): boolean {
    if (top === uuid) return true;
    const { parentId } = this.provider(uuid);
    return parentId !== null && this.isAbove(top, this.uuidById.get(parentId) ?? '');
  }

  traitsOf(uuid: string): ReadonlySet<string> {
    const { id } = this.provider(uuid);
    const ids = this.supply.providerTraits.filter(({ providerId }) => providerId === id).map(({ traitId }) => traitId);
    return new Set(this.supply.traits.filter((trait) => ids.includes(trait.id)).map(({ name }) => name));
  }

  hasTrait(uuid: string, name: string): boolean {
    return this.traitsOf(uuid).has(name);
  }

  isIn(uuid: string, aggregate: string): boolean {
    const { id } = this.provider(uuid);
    return this.supply.providerAggregates.some((row) => row.providerId === id && row.aggregate === aggregate);
  }

  sharesWith(uuid: string, root: string): boolean {
    if (!this.hasTrait(uuid, SHARING_TRAIT)) return false;
    return this.supply.providerAggregates.some(
      ({ aggregate, providerId }) =>
        this.isIn(uuid, aggregate) && this.rootOf(this.uuidById.get(providerId) ?? '') === root,
    );
  }

  inventory(uuid: string, resourceClass: string) {
    const { id } = this.provider(uuid);
    const classId = this.supply.resourceClasses.find(({ name }) => name === resourceClass)?.id;
    return this.supply.inventories.find((row) => row.providerId === id && row.resourceClassId === classId);
  }

  fits(uuid: string, resourceClass: string, amount: number): boolean {
    const record = this.inventory(uuid, resourceClass);
    return record !== undefined && fits(record, record.used, amount);
  }

  knowsTrait(name: string): boolean {
    return this.supply.traits.some((trait) => trait.name === name);
  }

  knowsClass(name: string): boolean {
    return this.supply.resourceClasses.some((resourceClass) => resourceClass.name === name);
  }

  checkTrait(name: string): void {
    if (!this.knowsTrait(name)) throw new Invalid(`No such trait(s): ${name}.`);
  }

  checkClass(name: string): void {
    if (this.knowsClass(name)) return;
    throw new Invalid(`Invalid resource class in resources parameter: No such resource class ${name}.`);
  }

  private provider(uuid: string) {
    const provider = this.supply.providers.find((candidate) => candidate.uuid === uuid);
    if (provider === undefined) throw new Error(`no provider ${uuid}`);
    return provider;
  }
}
