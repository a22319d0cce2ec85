import { Invalid, REASONS } from '#berth/domain';
import { EMPTY_SET, inAny, meetsEvery, unionOf, type IndexSet } from './index-set.js';
import type { CandidatesRequest, RequestGroup } from './request.js';
import type { Snapshot } from './snapshot.js';

/** One group with its names resolved. */
export interface GroupPlan {
  readonly suffix: string;
  /** One provider for everything; otherwise one provider per class. */
  readonly granular: boolean;
  readonly demands: readonly Demand[];
  readonly required: readonly (readonly IndexSet[])[];
  readonly forbidden: readonly IndexSet[];
  readonly memberOf: readonly (readonly IndexSet[])[];
  readonly notMemberOf: readonly IndexSet[];
  /** Root of the only tree allowed, −1 for any. */
  readonly treeRoot: number;
}

export interface Demand {
  readonly resourceClass: number;
  readonly amount: number;
}

/** One choice to make: a granular group's provider, or the provider of one class of the unsuffixed group. */
export interface Slot {
  readonly group: GroupPlan;
  readonly demands: readonly Demand[];
  /** The demands that other slots may add to, with what those ask; the others need no sum. */
  readonly contested: readonly {
    readonly demand: Demand;
    readonly others: readonly { slot: number; amount: number }[];
  }[];
  /** Which same_subtree constraints the slot takes part in. */
  readonly subtrees: readonly number[];
}

/** Everything the search needs to know about a request, independent of the anchor. */
export interface Plan {
  readonly groups: readonly GroupPlan[];
  readonly slots: readonly Slot[];
  /** Per group its slots, as indexes. */
  readonly slotsOfGroup: readonly (readonly number[])[];
  readonly isolate: boolean;
  /** Slots of each same_subtree constraint. */
  readonly subtrees: readonly (readonly number[])[];
  readonly rootRequired: readonly (readonly IndexSet[])[];
  readonly rootForbidden: readonly IndexSet[];
  /** Two providers of one tree may not both give something: below 1.29 in a nested deployment (§7). */
  readonly oneProviderPerTree: boolean;
}

/**
 * `unknown`: a name could not be resolved, and the request is `error` unless the groups of `before` already make the result empty;
 * `empty`: resolving alone shows that there is nothing.
 */
export type Compiled =
  | { readonly status: 'planned'; readonly plan: Plan }
  | { readonly status: 'empty' }
  | { readonly status: 'unknown'; readonly before: Plan; readonly error: Invalid };

/** Resolves the names of a request in the order of spec allocation_candidates.md §3. Throws `Invalid` for an unknown root_required trait. */
export function compile(snapshot: Snapshot, request: CandidatesRequest): Compiled {
  const rules: PlanRules = {
    isolate: request.groupPolicy === 'isolate',
    sameSubtrees: request.sameSubtrees,
    rootRequired: request.rootRequired.map((name) => [resolveTrait(snapshot, name)]),
    rootForbidden: request.rootForbidden.map((name) => resolveTrait(snapshot, name)),
    oneProviderPerTree: !request.spanTrees && snapshot.nested && request.maxCandidates === undefined,
  };
  const groups: GroupPlan[] = [];
  for (const group of request.groups) {
    try {
      const resolved = resolveGroup(snapshot, group);
      if (resolved === undefined) return { status: 'empty' };
      groups.push(resolved);
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      return { status: 'unknown', before: assemble(groups, rules), error };
    }
  }
  return { status: 'planned', plan: assemble(groups, rules) };
}

/** The plan of one group by itself, with the root conditions of the whole: its answer decides whether evaluation goes on (§3). */
export function planAlone(plan: Plan, groups: readonly GroupPlan[]): Plan {
  const { rootRequired, rootForbidden } = plan;
  return assemble(groups, { isolate: false, sameSubtrees: [], rootRequired, rootForbidden, oneProviderPerTree: false });
}

interface PlanRules {
  readonly isolate: boolean;
  readonly sameSubtrees: readonly (readonly string[])[];
  readonly rootRequired: readonly (readonly IndexSet[])[];
  readonly rootForbidden: readonly IndexSet[];
  readonly oneProviderPerTree: boolean;
}

function resolveGroup(snapshot: Snapshot, group: RequestGroup): GroupPlan | undefined {
  const granular = group.suffix !== '';
  const demands = group.resources.map(({ resourceClass, amount }) => ({
    resourceClass: resolveClass(snapshot, resourceClass),
    amount,
  }));
  const memberOf = group.memberOf.map((set) => resolveAggregates(snapshot, set));
  let required: IndexSet[][];
  let forbidden: IndexSet[];
  try {
    required = group.required.map((set) => set.map((name) => resolveTrait(snapshot, name)));
    forbidden = group.forbidden.map((name) => resolveTrait(snapshot, name));
  } catch (error) {
    // §3: a member_of that nobody meets ends the evaluation before traits are looked up.
    if (!anyoneMeets(memberOf)) return undefined;
    throw error;
  }
  const treeMember = group.inTree === undefined ? undefined : snapshot.indexByUuid.get(group.inTree);
  if (group.inTree !== undefined && treeMember === undefined) return undefined;
  // §5: a resourceless group needs a positive condition, and in_tree binds only what gives resources.
  if (granular && demands.length === 0 && required.length === 0 && memberOf.length === 0) return undefined;
  const treeRoot = treeMember === undefined || demands.length === 0 ? -1 : (snapshot.layout.root[treeMember] ?? -1);
  const notMemberOf = resolveAggregates(snapshot, group.notMemberOf);
  return { suffix: group.suffix, granular, demands, required, forbidden, memberOf, notMemberOf, treeRoot };
}

/** One slot per granular group, one per class of the unsuffixed group. Runs once a request, so it is plain loops. */
function assemble(groups: readonly GroupPlan[], rules: PlanRules): Plan {
  const slots: Slot[] = [];
  const slotsOfGroup: number[][] = [];
  for (const group of groups) {
    const own: number[] = [];
    slotsOfGroup.push(own);
    for (const demands of group.granular ? [group.demands] : group.demands.map((demand) => [demand])) {
      own.push(slots.length);
      slots.push({ group, demands, contested: NONE, subtrees: NONE });
    }
  }
  const { isolate, sameSubtrees, rootRequired, rootForbidden, oneProviderPerTree } = rules;
  const subtrees = sameSubtrees.map((suffixes) =>
    groups.flatMap(({ suffix }, at) => (suffixes.includes(suffix) ? (slotsOfGroup[at] ?? []) : [])),
  );
  // Within one group every class occurs once, so a single group contests nothing.
  const related = groups.length > 1 ? slots.map((slot, at) => relate(slots, subtrees, slot, at)) : slots;
  return { groups, slots: related, slotsOfGroup, isolate, subtrees, rootRequired, rootForbidden, oneProviderPerTree };
}

const NONE: readonly never[] = [];

function relate(slots: readonly Slot[], subtrees: readonly (readonly number[])[], slot: Slot, at: number): Slot {
  return {
    ...slot,
    contested: slot.demands.flatMap((demand) => {
      const others = slots.flatMap(({ demands }, other) =>
        other === at
          ? []
          : demands
              .filter(({ resourceClass }) => resourceClass === demand.resourceClass)
              .map(({ amount }) => ({ slot: other, amount })),
      );
      return others.length === 0 ? [] : [{ demand, others }];
    }),
    subtrees: subtrees.flatMap((members, index) => (members.length > 1 && members.includes(at) ? [index] : [])),
  };
}

function resolveClass(snapshot: Snapshot, name: string): number {
  const index = snapshot.classIndexByName.get(name);
  if (index !== undefined) return index;
  throw new Invalid(`Invalid resource class in resources parameter: No such resource class ${name}.`, {
    reason: REASONS.resourceClassNotFound,
    facts: { resource_class: name },
  });
}

function resolveTrait(snapshot: Snapshot, name: string): IndexSet {
  const set = snapshot.traits.get(name);
  if (set === undefined) {
    throw new Invalid(`No such trait(s): ${name}.`, {
      reason: REASONS.traitNotFound,
      facts: { traits: [name] },
    });
  }
  return set;
}

function resolveAggregates(snapshot: Snapshot, uuids: readonly string[]): IndexSet[] {
  // An aggregate that nobody is in is never an error (§3).
  return uuids.map((uuid) => snapshot.aggregates.get(uuid) ?? EMPTY_SET);
}

/** Whether some provider meets every list of alternatives; true for none. */
export function anyoneMeets(conditions: readonly (readonly IndexSet[])[]): boolean {
  const [first] = conditions;
  return first === undefined || unionOf(first).some((index) => meetsEvery(conditions, index));
}

/** Whether a root passes root_required. Source: spec allocation_candidates.md §5, §6. */
export function rootAllowed(plan: Plan, root: number): boolean {
  return meetsEvery(plan.rootRequired, root) && !inAny(plan.rootForbidden, root);
}
