import type { CandidatesRequest } from '#berth/placement';
import { queryCheck } from '../filters/query-check.js';
import { firstValueOf, lastValueOf, type QueryPairs } from '../filters/query-pairs.js';
import { CANDIDATES_QUERY_RULES } from './candidates.schema.js';
import { requestGroups } from './request-groups.query.js';
import { checkGroups } from './request-groups.rules.js';
import { rootTraits } from './root-required.query.js';
import { sameSubtrees } from './same-subtree.query.js';

const SPAN_TREES_SINCE = 29;

/** What the operator decided about every search. */
export interface CandidatesOptions {
  /** Stop producing candidates at this many, before `limit`; undefined means never. */
  readonly maxCandidates: number | undefined;
  readonly randomize: boolean;
}

/** Injection token of `CandidatesOptions`. */
export const CANDIDATES_OPTIONS = Symbol('CandidatesOptions');

const checkQuery = queryCheck(CANDIDATES_QUERY_RULES);

/**
 * Turns a candidates query into a request for the search. Judges everything that can be judged without data, in the
 * order of spec allocation_candidates.md §2; class names, traits and tree members are looked up by the search.
 *
 * @param minor the microversion, 1.`minor`, 10 or higher
 * @throws Invalid for the first rule that the query breaks
 */
export function toCandidatesRequest(pairs: QueryPairs, minor: number, options: CandidatesOptions): CandidatesRequest {
  checkQuery(pairs, minor);
  const limit = limitOf(pairs, minor);
  const root = rootTraits(pairs);
  const subtrees = sameSubtrees(pairs);
  const groups = requestGroups(pairs, minor);
  const policy = firstValueOf(pairs, 'group_policy');
  checkGroups(groups, subtrees, policy, minor);
  return {
    groups,
    groupPolicy: policy === undefined || policy === 'isolate' ? policy : 'none',
    ...root,
    sameSubtrees: subtrees,
    limit,
    spanTrees: minor >= SPAN_TREES_SINCE,
    maxCandidates: options.maxCandidates,
    randomize: options.randomize,
  };
}

/**
 * The first `limit` counts while the schema sees the last one, so the first is checked as well: what is used was
 * looked at (spec allocation_candidates.md §11, item 5).
 */
function limitOf(pairs: QueryPairs, minor: number): number | undefined {
  const limit = firstValueOf(pairs, 'limit');
  if (limit === undefined) return undefined;
  if (limit !== lastValueOf(pairs, 'limit')) checkQuery([...pairs, ['limit', limit]], minor);
  return Math.min(Number(limit), Number.MAX_SAFE_INTEGER);
}
