import { Combiner } from './combiner.js';
import { EXAMPLES, type TreeCondition, type TreeStage } from './explanation.js';
import { compile, planAlone, type Plan } from './plan.js';
import type { CandidatesRequest } from './request.js';
import { providerAt } from './snapshot-views.js';
import type { Snapshot } from './snapshot.js';

/**
 * Most trees that the rules of combination are held against where there are candidates anyway: then the figures only illustrate, while a
 * search that stops at its limit costs microseconds. Without candidates the search had to look at all of them, too.
 */
const ILLUSTRATING_TREES = 1_000;

/** Whether providers for every choice may still not go together: if not, each tree that has them has a candidate. */
export function hasCombinationRules(plan: Plan): boolean {
  const { isolate, subtrees, oneProviderPerTree, groups, slots } = plan;
  if (isolate || subtrees.length > 0 || oneProviderPerTree) return true;
  return needsTogether(plan) || slots.some(({ contested }) => contested.length > 0) || groups.length === 0;
}

function needsTogether({ groups }: Plan): boolean {
  return groups.some(({ granular, required }) => !granular && required.length > 0);
}

/**
 * Adds one rule of combination after the other and counts the trees, of those where every choice is served, that still have a
 * combination. `found` are the trees of a candidate that the search found, undefined if there is none. Source: spec allocation_candidates.md §6, §7.
 */
export function combinationStages(
  snapshot: Snapshot,
  request: CandidatesRequest,
  plan: Plan,
  survivors: Int32Array,
  found: readonly number[] | undefined,
): TreeStage[] {
  let left: Int32Array | readonly number[] = found === undefined ? survivors : someOf(survivors, found);
  return rules(snapshot, request, plan).map(({ condition, plan: ruled }, at, all) => {
    const combiner = new Combiner(snapshot, ruled, undefined);
    const examined = left.length;
    // The last stage has all rules: without candidates nothing is left, and need not be looked for.
    const certain = found === undefined && at === all.length - 1;
    const passes = (root: number) => !certain && combiner.reset(root) && combiner.next();
    const removed: number[] = [];
    const remaining: number[] = [];
    for (const root of left) (passes(root) ? remaining : removed).push(root);
    left = remaining;
    const examples = removed.slice(0, EXAMPLES).map((root) => providerAt(snapshot, root).uuid);
    return { condition, examined, remaining: remaining.length, removed: removed.length, examples };
  });
}

/** The first trees, and those that are known to have a candidate. */
function someOf(survivors: Int32Array, found: readonly number[]): readonly number[] {
  const known = survivors.filter((root) => found.includes(root));
  return [...new Set([...known, ...survivors.slice(0, ILLUSTRATING_TREES)])].slice(0, ILLUSTRATING_TREES);
}

interface Rule {
  readonly condition: TreeCondition;
  /** With this rule and all before it. */
  readonly plan: Plan;
}

function rules(snapshot: Snapshot, request: CandidatesRequest, plan: Plan): Rule[] {
  const added: Rule[] = [];
  let ruled: CandidatesRequest = { ...request, groupPolicy: 'none', sameSubtrees: [], spanTrees: true };
  const add = (condition: TreeCondition, changes: Partial<CandidatesRequest>) => {
    ruled = { ...ruled, ...changes };
    const compiled = compile(snapshot, ruled);
    if (compiled.status === 'planned') added.push({ condition, plan: compiled.plan });
  };
  const collective = plan.groups.find(({ granular, required }) => !granular && required.length > 0);
  if (collective !== undefined) {
    const condition = { kind: 'required_together', suffix: collective.suffix } as const;
    added.push({ condition, plan: planAlone(plan, [collective]) });
  }
  if (plan.slots.some(({ contested }) => contested.length > 0)) add({ kind: 'capacity_together' }, {});
  if (request.groupPolicy === 'isolate') add({ kind: 'isolate' }, { groupPolicy: 'isolate' });
  request.sameSubtrees.forEach((suffixes, at) => {
    add({ kind: 'same_subtree', suffixes }, { sameSubtrees: request.sameSubtrees.slice(0, at + 1) });
  });
  if (plan.oneProviderPerTree) add({ kind: 'one_provider_per_tree' }, { spanTrees: false });
  return added;
}
