import { SHARING_TRAIT } from '#berth/domain';
import type { CandidatesRequest, ListFilter, RequestGroup } from '../src/request.js';
import type { WorldInventory, WorldProvider } from './world.js';

/** Answers an integer from `min` to `max`, both included. */
export type Draw = (min: number, max: number) => number;

/** Known to every random world, carried by somebody or not. */
export const RANDOM_TRAITS = ['CUSTOM_A', 'CUSTOM_B', 'CUSTOM_C', 'CUSTOM_D', SHARING_TRAIT];
const CLASSES = ['VCPU', 'DISK_GB', 'CUSTOM_VF'];
const AGGREGATES = ['agg1', 'agg2', 'agg3'];
const PROVIDER_LIMIT = 11;

/** Draws a small deployment: trees, sharing providers at any place in them, aggregates, traits, odd units and ratios, usage. */
export function drawWorld(draw: Draw): WorldProvider[] {
  const providers: WorldProvider[] = [];
  const trees = draw(2, 4);
  const sharesAtAll = draw(0, 2) > 0;
  for (let tree = 0; tree < trees; tree++) {
    const size = draw(0, 2) === 0 ? 1 : draw(1, 5);
    const names: string[] = [];
    for (let at = 0; at < size && providers.length < PROVIDER_LIMIT; at++) {
      const name = `p${tree}${'abcde'[at] ?? ''}`;
      const parent = names[draw(0, Math.max(0, names.length - 1))];
      names.push(name);
      const sharing = sharesAtAll && draw(0, 4) === 0;
      const traits = subset(draw, RANDOM_TRAITS.slice(0, 4), 2);
      providers.push({
        name,
        ...(parent === undefined ? {} : { parent }),
        inventory: Object.fromEntries(
          CLASSES.filter(() => draw(0, 2) > 0).map((resourceClass) => [resourceClass, drawInventory(draw)]),
        ),
        aggregates: subset(draw, AGGREGATES, sharing ? 2 : 3),
        traits: sharing ? [...traits, SHARING_TRAIT] : traits,
      });
    }
  }
  return providers;
}

function drawInventory(draw: Draw): Partial<WorldInventory> {
  const total = draw(2, 10);
  if (draw(0, 2) > 0) return { total, used: draw(0, 1) === 0 ? 0 : draw(0, 3) };
  return {
    total,
    reserved: draw(0, 2),
    used: draw(0, 4),
    minUnit: draw(1, 2),
    maxUnit: draw(2, total),
    stepSize: draw(1, 2),
    allocationRatio: [1, 1.5, 0.7, 16, 0.35, -1][draw(0, 5)] ?? 1,
  };
}

/** Draws a request over such a world: mostly one that something can serve, sometimes with unknown names. */
export function drawRequest(draw: Draw, world: readonly WorldProvider[]): CandidatesRequest {
  const suffixes = ['', '1', '_X', 'Y'].slice(draw(0, 1), draw(2, 4));
  const subtree = suffixes.filter((suffix) => suffix !== '');
  const hasSubtree = subtree.length > 0 && draw(0, 2) === 0;
  const groups = suffixes.map((suffix, at) => {
    const resourceless = hasSubtree && suffix !== '' && at > 0 && draw(0, 2) === 0;
    return { suffix, ...drawConditions(draw, world, resourceless) };
  });
  if (draw(0, 3) === 0) groups.reverse();
  const rootTraits = RANDOM_TRAITS.slice(0, 4);
  return {
    groups,
    groupPolicy: ([undefined, 'none', 'isolate'] as const)[draw(0, 2)],
    rootRequired: draw(0, 11) === 0 ? [pick(draw, rootTraits)] : [],
    rootForbidden: draw(0, 11) === 0 ? [draw(0, 5) === 0 ? 'CUSTOM_NOPE' : pick(draw, RANDOM_TRAITS)] : [],
    sameSubtrees: hasSubtree ? [subtree, ...(draw(0, 3) === 0 ? [subtree.slice(0, 2)] : [])] : [],
    limit: undefined,
    spanTrees: draw(0, 3) > 0,
    maxCandidates: undefined,
    randomize: false,
  };
}

/** Draws the filters of a provider list. */
export function drawListFilter(draw: Draw, world: readonly WorldProvider[]): ListFilter {
  const someone = pick(draw, world).name;
  return {
    ...drawConditions(draw, world, draw(0, 1) === 0),
    uuid: draw(0, 9) === 0 ? someone : undefined,
    name: draw(0, 9) === 0 ? ['', `name of ${someone}`, 'nobody'][draw(0, 2)] : undefined,
  };
}

function drawConditions(
  draw: Draw,
  world: readonly WorldProvider[],
  resourceless: boolean,
): Omit<RequestGroup, 'suffix'> {
  const sometimes = <T>(odds: number, make: () => T): T[] => (draw(0, odds) === 0 ? [make()] : []);
  const trait = () => (draw(0, 40) === 0 ? 'CUSTOM_NOPE' : pick(draw, RANDOM_TRAITS.slice(0, 4)));
  const aggregate = () => (draw(0, 20) === 0 ? 'agg-unseen' : pick(draw, AGGREGATES));
  const classes = resourceless ? [] : nonEmpty(draw, CLASSES);
  return {
    resources: classes.map((resourceClass) => ({
      resourceClass: draw(0, 60) === 0 ? 'CUSTOM_NOPE' : resourceClass,
      amount: draw(0, 80) === 0 ? 1000 : draw(1, 3),
    })),
    required: [
      ...(resourceless && draw(0, 3) > 0 ? [[trait()]] : []),
      ...sometimes(11, () => [trait()]),
      ...sometimes(9, () => [trait(), trait()]),
    ],
    forbidden: sometimes(14, trait),
    memberOf: [...sometimes(16, () => [aggregate()]), ...sometimes(16, () => [aggregate(), aggregate()])],
    notMemberOf: sometimes(16, aggregate),
    inTree: draw(0, 19) === 0 ? (draw(0, 6) === 0 ? 'unknown' : pick(draw, world).name) : undefined,
  };
}

function subset<T>(draw: Draw, from: readonly T[], outOf: number): T[] {
  return from.filter(() => draw(1, outOf) === 1);
}

function nonEmpty<T>(draw: Draw, from: readonly T[]): T[] {
  const some = subset(draw, from, 3);
  return some.length > 0 ? some : [pick(draw, from)];
}

function pick<T>(draw: Draw, from: readonly T[]): T {
  const item = from[draw(0, from.length - 1)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
