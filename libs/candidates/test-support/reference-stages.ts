import { fits, obeysUnits, SHARING_TRAIT, type Supply } from '#berth/domain';
import type { CandidatesRequest, RequestGroup } from '../src/request.js';
import { referenceCountAt, World } from './reference-search.js';

/** A stage in words, and what is left after it. */
export type ReferenceStage = readonly [stage: string, remaining: number];

/**
 * The stages of an explanation, counted anew for each of them: whoever passes all conditions up to here, one provider and one tree after the
 * other. Unknown names are nobody's. What the explanation is held against.
 */
export function referenceStages(supply: Supply, request: CandidatesRequest) {
  const world = new World(supply);
  return {
    choices: request.groups.flatMap((group) => partsOf(group).map((part) => choiceStages(world, part))),
    trees: treeStages(world, request),
  };
}

type Test = readonly [stage: string, passes: (name: string) => boolean];

/** Counts who passes the first test, the first two, and so on. */
function count(all: readonly string[], tests: readonly Test[]): ReferenceStage[] {
  return tests.map(([stage], at) => {
    const left = all.filter((name) => tests.slice(0, at + 1).every(([, passes]) => passes(name)));
    return [stage, left.length];
  });
}

/** The unsuffixed group as one group per class. */
function partsOf(group: RequestGroup): RequestGroup[] {
  if (group.suffix !== '') return [group];
  return group.resources.map((demand) => ({ ...group, resources: [demand] }));
}

function choiceStages(world: World, part: RequestGroup): ReferenceStage[] {
  return count(world.all, [...treeTest(world, part), ...resourceTests(world, part), ...conditionTests(world, part)]);
}

function treeTest(world: World, { inTree, resources }: RequestGroup): Test[] {
  const known = inTree !== undefined && world.all.includes(inTree);
  if (inTree === undefined || (known && resources.length === 0)) return [];
  return [[`in_tree ${inTree}`, (name) => known && world.rootOf(name) === world.rootOf(inTree)]];
}

function resourceTests(world: World, { resources }: RequestGroup): Test[] {
  return resources.flatMap(({ resourceClass, amount }): Test[] => {
    const record = (name: string) => world.inventory(name, resourceClass);
    return [
      [`resource_class ${resourceClass}`, (name) => record(name) !== undefined],
      [`units ${resourceClass}`, (name) => obeysUnits(record(name) ?? NO_RULE, amount)],
      [`capacity ${resourceClass}`, (name) => fits(record(name) ?? NO_RULE, record(name)?.used ?? 0, amount)],
    ];
  });
}

const NO_RULE = { total: 0, reserved: 0, minUnit: 1, maxUnit: 0, stepSize: 1, allocationRatio: 1 };

function conditionTests(world: World, group: RequestGroup): Test[] {
  const granular = group.suffix !== '';
  const meets = (name: string, sets: readonly (readonly string[])[]) =>
    sets.every((set) => set.some((aggregate) => world.isIn(name, aggregate)));
  const sets = distinct(group.memberOf);
  const asks = group.resources.length + group.required.length + group.memberOf.length > 0;
  return [
    ...distinct(granular ? group.required : []).map((traits): Test => [
      `required ${traits.join()}`,
      (name) => traits.some((trait) => world.hasTrait(name, trait)),
    ]),
    ...distinct(group.forbidden).map((trait): Test => [`forbidden ${trait}`, (name) => !world.hasTrait(name, trait)]),
    ...sets.map((set, at): Test => {
      const soFar = sets.slice(0, at + 1);
      const spans = (name: string) => !granular && meets(world.rootOf(name), soFar);
      return [`member_of ${set.join()}`, (name) => meets(name, soFar) || spans(name)];
    }),
    ...distinct(group.notMemberOf).map((aggregate): Test => {
      const spans = (name: string) => !granular && !world.hasTrait(name, SHARING_TRAIT);
      const barred = (name: string) => spans(name) && world.isIn(world.rootOf(name), aggregate);
      return [`not_member_of ${aggregate}`, (name) => !world.isIn(name, aggregate) && !barred(name)];
    }),
    ...(asks || !granular ? [] : [['nothing_asked', () => false] as const]),
  ];
}

function treeStages(world: World, request: CandidatesRequest): ReferenceStage[] {
  const roots = world.all.filter((name) => world.rootOf(name) === name);
  const bare: CandidatesRequest = { ...request, groupPolicy: 'none', sameSubtrees: [] };
  // One choice by itself has a result at a tree if somebody serves it there; what the unsuffixed group requires, it requires together.
  const served = request.groups.flatMap((group) =>
    partsOf(group).map((part): Test => {
      const alone = { ...bare, groups: [group.suffix === '' ? { ...part, required: [] } : part] };
      const classes = part.resources.map(({ resourceClass }) => resourceClass);
      return [`served ${group.suffix} ${classes.join()}`, (root) => hasResult(world, alone, root)];
    }),
  );
  const first = count(roots, [
    ...distinct(request.rootRequired).map((trait): Test => [
      `root_required ${trait}`,
      (root) => world.hasTrait(root, trait),
    ]),
    ...distinct(request.rootForbidden).map((trait): Test => [
      `root_forbidden ${trait}`,
      (root) => !world.hasTrait(root, trait),
    ]),
    ...served,
  ]);
  const survivors = roots.filter(
    (root) =>
      request.rootRequired.every((trait) => world.hasTrait(root, trait)) &&
      !request.rootForbidden.some((trait) => world.hasTrait(root, trait)) &&
      served.every(([, passes]) => passes(root)),
  );
  return survivors.length === 0 ? first : [...first, ...count(survivors, combinationTests(world, request, bare))];
}

function combinationTests(world: World, request: CandidatesRequest, bare: CandidatesRequest): Test[] {
  const collective = request.groups.filter(({ suffix, required }) => suffix === '' && required.length > 0);
  const classes = request.groups.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass));
  const isolated: CandidatesRequest = { ...bare, groupPolicy: request.groupPolicy };
  const test = (stage: string, ruled: CandidatesRequest): Test => [stage, (root) => hasResult(world, ruled, root)];
  return [
    ...collective.map((group) => test(`required_together ${group.suffix}`, { ...bare, groups: [group] })),
    ...(new Set(classes).size < classes.length ? [test('capacity_together', bare)] : []),
    ...(request.groupPolicy === 'isolate' ? [test('isolate', isolated)] : []),
    ...request.sameSubtrees.map((suffixes, at) =>
      test(`same_subtree ${suffixes.join()}`, { ...isolated, sameSubtrees: request.sameSubtrees.slice(0, at + 1) }),
    ),
  ];
}

/** False, too, where a name is unknown. */
function hasResult(world: World, request: CandidatesRequest, root: string): boolean {
  const names = request.groups.flatMap(({ required, forbidden }) => [...required.flat(), ...forbidden]);
  const known = withKnownNames(world, request, names);
  return known !== undefined && referenceCountAt(world, known, root) > 0;
}

/** The same request without names that nobody carries; undefined if one of them is asked for. */
function withKnownNames(world: World, request: CandidatesRequest, names: readonly string[]) {
  const unknown = names.filter((name) => !world.knowsTrait(name));
  const groups = request.groups.map((group) => ({
    ...group,
    required: group.required.map((set) => set.filter((name) => !unknown.includes(name))),
    forbidden: group.forbidden.filter((name) => !unknown.includes(name)),
  }));
  const asksUnknown = groups.some(
    ({ required, resources }) =>
      required.some((set) => set.length === 0) ||
      resources.some(({ resourceClass }) => !world.knowsClass(resourceClass)),
  );
  return asksUnknown ? undefined : { ...request, groups };
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
