import { shuffle } from './permutation.js';
import { compile, planAlone, type Plan } from './plan.js';
import type { Candidate, CandidatesRequest, CandidatesResult } from './request.js';
import type { Snapshot } from './snapshot.js';
import { CandidateStream } from './stream.js';
import { summarizeGivers, summarizeTrees, usesTreeTwice } from './summarize.js';

const NOTHING: CandidatesResult = { candidates: [], summarized: [] };

/**
 * Where could this request be allocated right now? Pure: the same snapshot, request and random numbers give the same answer. Without `limit` and
 * `maxCandidates` the candidates are complete, each once; with them, one per anchor in turn, in a stable order. `random` answers in [0, 1)
 * and is only called when `request.randomize` is set.
 * Throws `Invalid` for an unknown class or trait unless an earlier condition already leaves nothing. Source: spec allocation_candidates.md §3–§8.
 */
export function searchCandidates(
  snapshot: Snapshot,
  request: CandidatesRequest,
  random: () => number,
): CandidatesResult {
  const compiled = compile(snapshot, request);
  if (compiled.status === 'empty') return NOTHING;
  if (compiled.status === 'unknown') {
    if (goesOnAfter(snapshot, compiled.before)) throw compiled.error;
    return NOTHING;
  }
  const { plan } = compiled;
  const most = Math.max(1, request.maxCandidates ?? Infinity);
  const limit = request.limit ?? Infinity;
  const excludesNested = !request.spanTrees && snapshot.nested;
  const stream = new CandidateStream(snapshot, plan, {
    fair: limit < Infinity || most < Infinity,
    random: request.randomize ? random : undefined,
  });
  const candidates: Candidate[] = [];
  const rest: Candidate[] = [];
  // Below 1.29 the summaries depend on candidates beyond the limit too; under a bound they are at hand.
  const readsOn = excludesNested && most < Infinity;
  for (let formed = 0; formed < most && (candidates.length < limit || readsOn); formed++) {
    const candidate = stream.next();
    if (candidate === undefined) break;
    if (excludesNested && usesTreeTwice(snapshot, candidate)) continue;
    (candidates.length < limit ? candidates : rest).push(candidate);
  }
  if (request.randomize) shuffle(candidates, random);
  if (!excludesNested) return { candidates, summarized: summarizeTrees(snapshot, candidates) };
  const complete = readsOn || candidates.length < limit;
  return { candidates, summarized: summarizeGivers(snapshot, plan, candidates, complete ? rest : undefined) };
}

/** Whether evaluation gets past these groups: some root qualifies, and each group by itself has a candidate (§3). */
function goesOnAfter(snapshot: Snapshot, before: Plan): boolean {
  const hasAny = (plan: Plan) =>
    new CandidateStream(snapshot, plan, { fair: false, random: undefined }).next() !== undefined;
  const limitsRoots = before.rootRequired.length > 0 || before.rootForbidden.length > 0;
  if (limitsRoots && !hasAny(planAlone(before, []))) return false;
  return before.groups.every((group) => hasAny(planAlone(before, [group])));
}
