import { combinationStages, hasCombinationRules } from './combination-stages.js';
import type { Explanation, TreeStage } from './explanation.js';
import { compile } from './plan.js';
import { relaxationCombination } from './relaxation-combination.js';
import { RelaxationSearch } from './relaxation-search.js';
import type { Relaxation } from './relaxation.js';
import type { CandidatesRequest, CandidatesResult } from './request.js';
import { screen } from './screening.js';
import type { Snapshot } from './snapshot.js';
import { TreeScan } from './tree-stages.js';
import { firstOf, Trial } from './trial.js';

/**
 * Why does this request have no candidates, or only these? Counts what each condition leaves, in the order of spec allocation_candidates.md §5–§7,
 * and where nothing is left names the smallest relaxation, see `Relaxation`, that was seen to give a candidate. `limit`, `maxCandidates` and
 * `randomize` are ignored. Pure. One pass over the fleet per condition, and a bounded number of searches.
 * Throws `Invalid` exactly where `searchCandidates` does; a name that it does not come to look up is one that nobody carries.
 */
export function explain(snapshot: Snapshot, asked: CandidatesRequest): Explanation {
  const request = { ...asked, limit: undefined, maxCandidates: undefined, randomize: false };
  const compiled = compile(snapshot, request);
  // What is unknown is a reason to refuse only if the search gets so far.
  if (compiled.status === 'unknown') firstOf(snapshot, request);
  const groups = request.groups.map((group) => screen(snapshot, group));
  const scan = new TreeScan(snapshot, request, groups);
  let treeStages: readonly TreeStage[] = scan.stages;
  let found = scan.survivors.length > 0;
  if (compiled.status === 'planned' && found && hasCombinationRules(compiled.plan)) {
    const first = firstOf(snapshot, request);
    found = first.candidates.length > 0;
    const trees = found ? treesOf(snapshot, first) : undefined;
    const added = combinationStages(snapshot, request, compiled.plan, scan.survivors, trees);
    treeStages = [...scan.stages, ...added];
  }
  const trial = new Trial(snapshot);
  const single = found
    ? undefined
    : new RelaxationSearch(snapshot, request, groups, scan, trial, treeStages).smallest();
  const several = found || single !== undefined ? [] : relaxationCombination(snapshot, request, trial);
  return {
    found,
    providers: snapshot.layout.providers.length,
    trees: snapshot.layout.roots.length,
    groups: groups.map(({ group, choices }) => ({
      suffix: group.suffix,
      choices: choices.map(({ resources, sieve: { stages, remaining } }) => ({ resources, stages, remaining })),
    })),
    treeStages,
    ...relaxations(single, several),
    tried: trial.tried,
  };
}

function relaxations(single: Relaxation | undefined, several: readonly Relaxation[]) {
  const [only] = several;
  const isSingle = single === undefined && several.length === 1;
  return isSingle ? { relaxation: only, combination: [] } : { relaxation: single, combination: several };
}

/** Roots of the providers of a result. */
function treesOf({ layout }: Snapshot, { candidates }: CandidatesResult): number[] {
  return candidates.flatMap(({ mappings }) =>
    mappings.flatMap(({ providers }) => providers.map((provider) => layout.root[provider] ?? provider)),
  );
}
