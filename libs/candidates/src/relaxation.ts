import type { CandidatesRequest, RequestGroup } from './request.js';

/**
 * One change that asks for less, or for something else. Groups go by suffix, everything else by the names of the request, so that several
 * changes can be applied one after the other.
 *
 * The kinds stand in order of size: what a requester gives up most easily comes first, and the smallest relaxation is the first
 * that works. Conditions come before resources: they are mostly preferences, while resources are what is needed.
 */
export type Relaxation =
  /** Any one of `traits` was required; a plain required trait is a list of one. */
  | { readonly kind: 'drop_required'; readonly suffix: string; readonly traits: readonly string[] }
  | { readonly kind: 'drop_forbidden'; readonly suffix: string; readonly trait: string }
  /** Any one of `aggregates` was required. */
  | { readonly kind: 'drop_member_of'; readonly suffix: string; readonly aggregates: readonly string[] }
  | { readonly kind: 'drop_not_member_of'; readonly suffix: string; readonly aggregate: string }
  | { readonly kind: 'drop_in_tree'; readonly suffix: string; readonly uuid: string }
  | { readonly kind: 'drop_root_required'; readonly trait: string }
  | { readonly kind: 'drop_root_forbidden'; readonly trait: string }
  | { readonly kind: 'drop_same_subtree'; readonly suffixes: readonly string[] }
  /** group_policy none instead of isolate. */
  | { readonly kind: 'drop_isolation' }
  /** Mostly less; more where min_unit or step_size leaves nothing below. */
  | {
      readonly kind: 'change_amount';
      readonly suffix: string;
      readonly resourceClass: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'remove_class'; readonly suffix: string; readonly resourceClass: string; readonly amount: number }
  /** With all its conditions; same_subtree forgets it. */
  | { readonly kind: 'remove_group'; readonly suffix: string }
  /** The last resort of a request for a single class, which nobody can give at all: what the fleet could give instead. */
  | {
      readonly kind: 'replace_class';
      readonly suffix: string;
      readonly resourceClass: string;
      readonly amount: number;
      readonly by: string;
      readonly byAmount: number;
    };

const SIZES: readonly Relaxation['kind'][] = [
  'drop_required',
  'drop_forbidden',
  'drop_member_of',
  'drop_not_member_of',
  'drop_in_tree',
  'drop_root_required',
  'drop_root_forbidden',
  'drop_same_subtree',
  'drop_isolation',
  'change_amount',
  'remove_class',
  'remove_group',
  'replace_class',
];

/** The larger the number, the more is given up. */
export function sizeOf({ kind }: Relaxation): number {
  return SIZES.indexOf(kind);
}

/** The request after the change; a change that names what the request lacks changes nothing. */
export function relax(request: CandidatesRequest, relaxation: Relaxation): CandidatesRequest {
  switch (relaxation.kind) {
    case 'drop_root_required':
      return { ...request, rootRequired: request.rootRequired.filter((name) => name !== relaxation.trait) };
    case 'drop_root_forbidden':
      return { ...request, rootForbidden: request.rootForbidden.filter((name) => name !== relaxation.trait) };
    case 'drop_same_subtree':
      return { ...request, sameSubtrees: request.sameSubtrees.filter((list) => !isSame(list, relaxation.suffixes)) };
    case 'drop_isolation':
      return { ...request, groupPolicy: 'none' };
    case 'remove_group':
      return removeGroup(request, relaxation.suffix);
    default: {
      const relaxed = (group: RequestGroup) =>
        group.suffix === relaxation.suffix ? { ...group, ...changesOf(group, relaxation) } : group;
      return { ...request, groups: request.groups.map(relaxed) };
    }
  }
}

type GroupRelaxation = Extract<Relaxation, { suffix: string }>;

function changesOf(group: RequestGroup, relaxation: GroupRelaxation): Partial<RequestGroup> {
  const { resources } = group;
  switch (relaxation.kind) {
    case 'drop_required':
      return { required: group.required.filter((set) => !isSame(set, relaxation.traits)) };
    case 'drop_forbidden':
      return { forbidden: group.forbidden.filter((name) => name !== relaxation.trait) };
    case 'drop_member_of':
      return { memberOf: group.memberOf.filter((set) => !isSame(set, relaxation.aggregates)) };
    case 'drop_not_member_of':
      return { notMemberOf: group.notMemberOf.filter((uuid) => uuid !== relaxation.aggregate) };
    case 'drop_in_tree':
      return { inTree: undefined };
    case 'change_amount':
      return { resources: replaced(resources, relaxation.resourceClass, relaxation.resourceClass, relaxation.to) };
    case 'replace_class':
      return { resources: replaced(resources, relaxation.resourceClass, relaxation.by, relaxation.byAmount) };
    case 'remove_class':
      return { resources: resources.filter(({ resourceClass }) => resourceClass !== relaxation.resourceClass) };
    case 'remove_group':
      return {};
  }
}

function replaced(resources: RequestGroup['resources'], asked: string, by: string, amount: number) {
  return resources.map((demand) => (demand.resourceClass === asked ? { resourceClass: by, amount } : demand));
}

function removeGroup(request: CandidatesRequest, suffix: string): CandidatesRequest {
  return {
    ...request,
    groups: request.groups.filter((group) => group.suffix !== suffix),
    sameSubtrees: request.sameSubtrees
      .map((list) => list.filter((member) => member !== suffix))
      .filter((list) => list.length > 0),
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

/** Whether a client could have sent the request: a relaxation may not lead to a 400. Source: spec allocation_candidates.md §2, 5. */
export function isWellFormed({ groups, sameSubtrees }: CandidatesRequest): boolean {
  const tied = new Set(sameSubtrees.flat());
  const suffixes = new Set(groups.map(({ suffix }) => suffix));
  return (
    groups.some(({ resources }) => resources.length > 0) &&
    groups.every(({ suffix, resources }) => resources.length > 0 || (suffix !== '' && tied.has(suffix))) &&
    [...tied].every((suffix) => suffixes.has(suffix))
  );
}

/** Every way to drop one condition of the group, resources apart, in order of size; equal conditions are dropped together. */
export function conditionDrops(group: RequestGroup): Relaxation[] {
  const { suffix, inTree } = group;
  return distinct([
    ...group.required.map((traits) => ({ kind: 'drop_required', suffix, traits }) as const),
    ...group.forbidden.map((trait) => ({ kind: 'drop_forbidden', suffix, trait }) as const),
    ...group.memberOf.map((aggregates) => ({ kind: 'drop_member_of', suffix, aggregates }) as const),
    ...group.notMemberOf.map((aggregate) => ({ kind: 'drop_not_member_of', suffix, aggregate }) as const),
    ...(inTree === undefined ? [] : [{ kind: 'drop_in_tree', suffix, uuid: inTree } as const]),
  ]);
}

/** Every way to drop one condition on roots. */
export function rootDrops({ rootRequired, rootForbidden }: CandidatesRequest): Relaxation[] {
  return distinct([
    ...rootRequired.map((trait) => ({ kind: 'drop_root_required', trait }) as const),
    ...rootForbidden.map((trait) => ({ kind: 'drop_root_forbidden', trait }) as const),
  ]);
}

/** Every way to drop one rule of how groups go together. */
export function structureDrops({ sameSubtrees, groupPolicy }: CandidatesRequest): Relaxation[] {
  return distinct([
    ...sameSubtrees.map((suffixes) => ({ kind: 'drop_same_subtree', suffixes }) as const),
    ...(groupPolicy === 'isolate' ? [{ kind: 'drop_isolation' } as const] : []),
  ]);
}

/**
 * What a group is but for its suffix: groups that answer the same text are interchangeable, and what would not help one of them
 * would not help another.
 */
export function kindOfGroup({ sameSubtrees }: CandidatesRequest, group: RequestGroup): string {
  const ties = sameSubtrees.flatMap((list, at) => (list.includes(group.suffix) ? [at] : []));
  return JSON.stringify([{ ...group, suffix: group.suffix === '' }, ties]);
}

function distinct(relaxations: readonly Relaxation[]): Relaxation[] {
  return [...new Map(relaxations.map((relaxation) => [JSON.stringify(relaxation), relaxation])).values()];
}
