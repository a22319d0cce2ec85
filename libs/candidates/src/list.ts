import { Invalid, REASONS } from '#berth/domain';
import { EMPTY_SET, inAny, meetsEvery, unionOf, type IndexSet } from './index-set.js';
import { fittingRecord } from './inventory-table.js';
import { anyoneMeets } from './plan.js';
import type { ListFilter } from './request.js';
import type { Snapshot } from './snapshot.js';

/** A filter with its names resolved. */
interface ListPlan {
  readonly filter: ListFilter;
  readonly treeRoot: number;
  readonly required: readonly (readonly IndexSet[])[];
  readonly forbidden: readonly IndexSet[];
  readonly memberOf: readonly (readonly IndexSet[])[];
  readonly notMemberOf: readonly IndexSet[];
  readonly demands: readonly { readonly resourceClass: number; readonly amount: number }[];
}

/**
 * The providers that pass every filter, ascending; each filter is held against the provider itself. Throws `Invalid` for unknown
 * traits and classes unless a filter looked at earlier leaves nothing. Source: spec resource_providers.md §6, Evaluation order.
 */
export function listProviders(snapshot: Snapshot, filter: ListFilter): readonly number[] {
  const plan = resolveFilter(snapshot, filter);
  if (plan === undefined) return [];
  const passing: number[] = [];
  for (const index of shortestList(snapshot, plan)) if (passes(snapshot, plan, index)) passing.push(index);
  return passing;
}

function resolveFilter(snapshot: Snapshot, filter: ListFilter): ListPlan | undefined {
  const treeMember = filter.inTree === undefined ? undefined : snapshot.indexByUuid.get(filter.inTree);
  if (filter.inTree !== undefined && treeMember === undefined) return undefined;
  const required = filter.required.map((set) => set.map((name) => resolveTrait(snapshot, name)));
  if (!anyoneMeets(required)) return undefined;
  const forbidden = filter.forbidden.map((name) => resolveTrait(snapshot, name));
  const memberOf = filter.memberOf.map((set) => resolveAggregates(snapshot, set));
  if (!anyoneMeets(memberOf)) return undefined;
  return {
    filter,
    treeRoot: treeMember === undefined ? -1 : (snapshot.layout.root[treeMember] ?? -1),
    required,
    forbidden,
    memberOf,
    notMemberOf: resolveAggregates(snapshot, filter.notMemberOf),
    demands: filter.resources.map(({ resourceClass, amount }) => {
      const index = snapshot.classIndexByName.get(resourceClass);
      if (index !== undefined) return { resourceClass: index, amount };
      throw new Invalid(`Invalid resource class in resources parameter: No such resource class ${resourceClass}.`, {
        reason: REASONS.resourceClassNotFound,
        facts: { resource_class: resourceClass },
      });
    }),
  };
}

/** The shortest of the lists that every passing provider is on: work follows it, not the fleet. */
function shortestList(snapshot: Snapshot, plan: ListPlan): Int32Array | readonly number[] {
  const { layout, indexByUuid, indexByName } = snapshot;
  const exact = plan.filter.uuid === undefined ? undefined : (indexByUuid.get(plan.filter.uuid) ?? -1);
  const named = hasName(plan.filter) ? (indexByName.get(plan.filter.name ?? '') ?? -1) : undefined;
  const single = exact ?? named;
  if (single !== undefined) return single < 0 ? [] : [single];
  let best: Int32Array | undefined;
  let length = layout.providers.length;
  const consider = (list: Int32Array): void => {
    if (list.length >= length) return;
    best = list;
    length = list.length;
  };
  for (const { resourceClass } of plan.demands)
    consider(snapshot.inventory.columns[resourceClass] ?? EMPTY_SET.members);
  for (const set of [...plan.required, ...plan.memberOf]) if (set.length === 1) consider(unionOf(set));
  const start = Math.max(plan.treeRoot, 0);
  const end = plan.treeRoot < 0 ? layout.providers.length : (layout.subtreeEnd[plan.treeRoot] ?? start);
  if (best !== undefined && length <= end - start) return best;
  return Int32Array.from({ length: end - start }, (_, offset) => start + offset);
}

function passes(snapshot: Snapshot, plan: ListPlan, index: number): boolean {
  const { filter, treeRoot } = plan;
  const provider = snapshot.layout.providers[index];
  if (provider === undefined) return false;
  if (filter.uuid !== undefined && provider.uuid !== filter.uuid) return false;
  if (hasName(filter) && provider.name !== filter.name) return false;
  if (treeRoot >= 0 && snapshot.layout.root[index] !== treeRoot) return false;
  for (const { resourceClass, amount } of plan.demands) {
    if (fittingRecord(snapshot.inventory, index, resourceClass, amount) < 0) return false;
  }
  if (!meetsEvery(plan.required, index) || inAny(plan.forbidden, index)) return false;
  return meetsEvery(plan.memberOf, index) && !inAny(plan.notMemberOf, index);
}

function hasName(filter: ListFilter): boolean {
  return filter.name !== undefined && filter.name !== '';
}

function resolveTrait(snapshot: Snapshot, name: string): IndexSet {
  const set = snapshot.traits.get(name);
  if (set !== undefined) return set;
  throw new Invalid(`Invalid trait(s) in "required" parameter: No such trait(s): ${name}.`, {
    reason: REASONS.traitNotFound,
    facts: { traits: [name] },
  });
}

function resolveAggregates(snapshot: Snapshot, uuids: readonly string[]): IndexSet[] {
  return uuids.map((uuid) => snapshot.aggregates.get(uuid) ?? EMPTY_SET);
}
