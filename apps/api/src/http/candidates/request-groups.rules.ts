import type { RequestGroup } from '#berth/placement';
import { ERROR_CODES, type Invalid, InvalidQuery } from '#berth/domain';
import { pythonText } from '../schema/index.js';

const FORBIDDEN_SINCE = 22;
const RESOURCELESS_SINCE = 36;

/** Longest list of suffixes in a message; a query may name any number of them. */
const SHOWN_CHARACTERS = 1000;

/**
 * Holds the groups of a query against each other, in the order in which the API reports (spec allocation_candidates.md
 * §2, steps 5 to 7): every group has something to allocate, no group contradicts itself, and several granular groups
 * come with a policy.
 *
 * @throws Invalid for the first rule that is broken
 */
export function checkGroups(
  groups: readonly RequestGroup[],
  sameSubtrees: readonly (readonly string[])[],
  groupPolicy: string | undefined,
  minor: number,
): void {
  if (minor >= RESOURCELESS_SINCE) checkResourceless(groups, sameSubtrees);
  else checkOrphans(groups);
  if (minor >= FORBIDDEN_SINCE) checkContradictions(groups);
  if (groupPolicy === undefined && groups.filter(({ suffix }) => suffix !== '').length > 1) {
    throw new InvalidQuery(
      'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.',
    );
  }
}

/** Before 1.36 every group must ask for resources. */
function checkOrphans(groups: readonly RequestGroup[]): void {
  if (groups.length === 0) {
    throw new InvalidQuery('At least one request group (`resources` or `resources{$S}`) is required.');
  }
  const bare = groups.filter(({ resources }) => resources.length === 0);
  const traits = bare.filter(({ required }) => required.length > 0).map(({ suffix }) => `required${suffix}`);
  if (traits.length > 0) {
    throw new InvalidQuery(
      'All traits parameters must be associated with resources.  ' +
        `Found the following orphaned traits keys: ${traits.join(', ')}`,
    );
  }
  const aggregates = bare
    .filter(({ memberOf, notMemberOf }) => memberOf.length > 0 || notMemberOf.length > 0)
    .map(({ suffix }) => `member_of${suffix}`);
  if (aggregates.length > 0) {
    throw new InvalidQuery(
      'All member_of parameters must be associated with resources. ' +
        `Found the following orphaned member_of keys: ${aggregates.join(', ')}`,
    );
  }
  if (bare.length > 0) throw new InvalidQuery('All request groups must specify resources.');
}

/** From 1.36 a group without resources is welcome where a `same_subtree` names it. */
function checkResourceless(groups: readonly RequestGroup[], sameSubtrees: readonly (readonly string[])[]): void {
  if (groups.every(({ resources }) => resources.length === 0)) {
    throw new InvalidQuery('There must be at least one resources or resources[$S] parameter.', {
      code: ERROR_CODES.queryMissingValue,
    });
  }
  const named = new Set(sameSubtrees.flat());
  const stray = groups.filter(({ suffix, resources }) => resources.length === 0 && !named.has(suffix));
  if (stray.length > 0) {
    throw badValue(
      'Resourceless suffixed group request should be specified in `same_subtree` query param: ' +
        `bad group(s) - ${listed(stray.map(({ suffix }) => suffix))}.`,
    );
  }
  const real = groups.map(({ suffix }) => suffix);
  const unreal = [...named].filter((suffix) => !real.includes(suffix));
  if (unreal.length > 0) {
    throw badValue(
      `Real suffixes should be specified in \`same_subtree\`: ${listed(unreal)} not found in ${listed(real)}.`,
    );
  }
}

/** A required set of which every member is forbidden can't be met. Each is told, and each as often as it was asked for. */
function checkContradictions(groups: readonly RequestGroup[]): void {
  const conflicts = groups.flatMap(({ suffix, required, forbidden }) =>
    required
      .filter((names) => names.every((name) => forbidden.includes(name)))
      .map((names) => `required${suffix}: (${names.toSorted().join(', ')})`),
  );
  if (conflicts.length > 0) {
    throw new InvalidQuery(
      `Conflicting required and forbidden traits found in the following traits keys: ${conflicts.sort().join(', ')}`,
    );
  }
}

function badValue(message: string): Invalid {
  return new InvalidQuery(message, { code: ERROR_CODES.queryBadValue });
}

function listed(suffixes: readonly string[]): string {
  return pythonText(suffixes, SHOWN_CHARACTERS);
}
