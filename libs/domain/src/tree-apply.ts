import { Conflict, Invalid, NotFound, ProviderGenerationConflict } from './errors.js';
import { ERROR_CODES } from './error-codes.js';
import type { Generation } from './generation.js';
import { checkCapacity, planInventories, type HeldInventory, type Inventory, type InventoryPlan } from './inventory.js';
import { REASONS } from './reasons.js';

/** One provider of a tree as it shall be; what is undefined stays as it is. */
export interface WantedProvider {
  readonly uuid: string;
  readonly name: string;
  readonly parentUuid: string | null;
  /** What the client saw; null: it shall be new. */
  readonly generation: number | null;
  readonly inventories: readonly Inventory[] | undefined;
  readonly traits: readonly string[] | undefined;
  readonly aggregates: readonly string[] | undefined;
}

/** One provider as it stands, with all that hangs on it. */
export interface StandingProvider {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly generation: Generation;
  readonly parentUuid: string | null;
  readonly rootUuid: string;
  readonly inventories: readonly HeldInventory[];
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
}

/** What has to be written of one provider; undefined: nothing of that kind. */
export interface ProviderParts {
  readonly inventories: InventoryPlan | undefined;
  readonly traits: readonly string[] | undefined;
  readonly aggregates: readonly string[] | undefined;
}

export interface ProviderChange extends ProviderParts {
  readonly standing: StandingProvider;
  readonly claimed: number;
  readonly name: string | undefined;
  /** The new parent; undefined: as it was. */
  readonly parentUuid: string | null | undefined;
}

export interface ProviderCreation extends ProviderParts {
  readonly wanted: WantedProvider;
}

/** How to come from the tree that stands to the one that is wanted. Nothing is in it that is so already. */
export interface TreePlan {
  /** Parents first. */
  readonly creations: readonly ProviderCreation[];
  readonly changes: readonly ProviderChange[];
  /** Leaves first. */
  readonly removals: readonly StandingProvider[];
}

export interface TreeContext {
  readonly rootUuid: string;
  /** By uuid: all that is named, and all members of the trees that named ones are in. */
  readonly standing: ReadonlyMap<string, StandingProvider>;
  readonly classIds: ReadonlyMap<string, number>;
  /** Whether members of the tree that aren't named shall go. */
  readonly prune: boolean;
}

/**
 * Plans an apply of a whole tree. A provider that is as it is wanted is left alone whatever generation the client saw, so
 * that an apply that came through once can be sent again. Throws Invalid for a tree that is none, NotFound for a provider
 * that was seen and is gone, GenerationConflict, InventoryInUse, and Conflict when something that is used would go.
 */
export function planTree(wanted: readonly WantedProvider[], context: TreeContext): TreePlan {
  checkShape(wanted, context);
  const creations: ProviderCreation[] = [];
  const changes: ProviderChange[] = [];
  for (const provider of parentsFirst(wanted)) {
    const standing = context.standing.get(provider.uuid);
    if (standing !== undefined) changes.push(...changeOf(standing, provider, context));
    else if (provider.generation === null) creations.push(creationOf(provider, context));
    else throw vanished(provider.uuid);
  }
  return { creations, changes, removals: context.prune ? removalsOf(wanted, context) : [] };
}

/** A tree has one root, the one that is asked for, and every other provider hangs on it in the end. */
function checkShape(wanted: readonly WantedProvider[], { rootUuid, standing }: TreeContext): void {
  const named = new Map(wanted.map((provider) => [provider.uuid, provider]));
  if (named.size !== wanted.length) throw malformed('a provider is named twice');
  if (named.get(rootUuid)?.parentUuid !== null) throw malformed(`${rootUuid} has to be named, with no parent`);
  for (const provider of wanted) {
    const passed = new Set<string>();
    let at: string | null = provider.uuid;
    while (at !== null && at !== rootUuid) {
      if (passed.has(at)) throw malformed(`the parents of ${provider.uuid} run in a circle`);
      passed.add(at);
      const known: WantedProvider | StandingProvider | undefined = named.get(at) ?? standing.get(at);
      if (known === undefined) throw malformed(`the parent ${at} does not exist`, REASONS.parentNotFound);
      at = known.parentUuid;
    }
    if (at === null) throw malformed(`${provider.uuid} does not hang on ${rootUuid}`);
  }
}

function parentsFirst(wanted: readonly WantedProvider[]): WantedProvider[] {
  const named = new Map(wanted.map((provider) => [provider.uuid, provider]));
  const ordered = new Set<WantedProvider>();
  const visit = (provider: WantedProvider): void => {
    const parent = named.get(provider.parentUuid ?? '');
    if (parent !== undefined && !ordered.has(parent)) visit(parent);
    ordered.add(provider);
  };
  for (const provider of wanted) visit(provider);
  return [...ordered];
}

function creationOf(wanted: WantedProvider, context: TreeContext): ProviderCreation {
  return {
    wanted,
    inventories: plannedInventories(wanted, [], context),
    traits: differing([], wanted.traits),
    aggregates: differing([], wanted.aggregates),
  };
}

function changeOf(standing: StandingProvider, wanted: WantedProvider, context: TreeContext): ProviderChange[] {
  const change = {
    name: wanted.name === standing.name ? undefined : wanted.name,
    parentUuid: wanted.parentUuid === standing.parentUuid ? undefined : wanted.parentUuid,
    inventories: plannedInventories(wanted, standing.inventories, context),
    traits: differing(standing.traits, wanted.traits),
    aggregates: differing(standing.aggregates, wanted.aggregates),
  };
  if (Object.values(change).every((part) => part === undefined)) return [];
  if (wanted.generation !== null) return [{ standing, claimed: wanted.generation, ...change }];
  throw new ProviderGenerationConflict(
    `resource provider generation conflict: ${wanted.uuid} exists and is not as it is wanted`,
    wanted.uuid,
    standing.generation,
    null,
  );
}

function plannedInventories(
  { uuid, inventories: wanted }: WantedProvider,
  current: readonly HeldInventory[],
  { classIds }: TreeContext,
): InventoryPlan | undefined {
  if (wanted === undefined || sameInventories(current, wanted)) return undefined;
  const prefix = `Unable to update inventory for resource provider ${uuid}: `;
  for (const inventory of wanted) checkCapacity(inventory, uuid, { allowReservedEqualTotal: true, prefix });
  return planInventories(current, wanted, classIds, {
    providerUuid: uuid,
    inUsePrefix: 'update conflict: ',
    unknownClass: (name) =>
      `Unknown resource class in inventory for resource provider ${uuid}: No such resource class ${name}.`,
  });
}

const RULE = ['total', 'reserved', 'minUnit', 'maxUnit', 'stepSize', 'allocationRatio'] as const;

function sameInventories(current: readonly HeldInventory[], wanted: readonly Inventory[]): boolean {
  if (current.length !== wanted.length) return false;
  const held = new Map(current.map((inventory) => [inventory.resourceClass, inventory]));
  return wanted.every((inventory) =>
    RULE.every((field) => held.get(inventory.resourceClass)?.[field] === inventory[field]),
  );
}

/** The wanted set if it differs; undefined if it is the same, or nothing is wanted. */
function differing(current: readonly string[], wanted: readonly string[] | undefined): readonly string[] | undefined {
  if (wanted === undefined) return undefined;
  const set = new Set(wanted);
  return set.size === current.length && current.every((name) => set.has(name)) ? undefined : [...set];
}

function removalsOf(wanted: readonly WantedProvider[], { rootUuid, standing }: TreeContext): StandingProvider[] {
  const named = new Set(wanted.map(({ uuid }) => uuid));
  const leaving = [...standing.values()].filter((one) => one.rootUuid === rootUuid && !named.has(one.uuid));
  for (const { uuid, inventories } of leaving) {
    if (inventories.every(({ used }) => used === 0)) continue;
    throw new Conflict(`Unable to delete resource provider ${uuid}: Resource provider has allocations.`, {
      code: ERROR_CODES.providerInUse,
      reason: REASONS.providerInUse,
      facts: { resource_provider: uuid },
    });
  }
  const depthOf = (provider: StandingProvider): number => {
    const parent = standing.get(provider.parentUuid ?? '');
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  return leaving
    .map((provider) => ({ provider, depth: depthOf(provider) }))
    .sort((a, b) => b.depth - a.depth || a.provider.id - b.provider.id)
    .map(({ provider }) => provider);
}

function malformed(what: string, reason: Invalid['reason'] = REASONS.treeMalformed): Invalid {
  return new Invalid(`This is no tree of providers: ${what}.`, { reason: reason ?? REASONS.treeMalformed });
}

function vanished(uuid: string): NotFound {
  return new NotFound(`No resource provider with uuid ${uuid} found; a generation of null would create it`, {
    reason: REASONS.providerNotFound,
    facts: { resource_provider: uuid },
  });
}
