import type { CandidatesRequest, RequestGroup } from '#berth/placement';
import type { CandidatesQueryBody } from './candidates-query.dto.js';

type Entry = readonly [key: string, value: string | readonly string[]];

/** The request as a query in a body, in the words of 1.39: what `toCandidatesRequest` reads it from. `limit` is left out. */
export function candidatesQueryView(request: CandidatesRequest): CandidatesQueryBody {
  const root = [...request.rootRequired, ...request.rootForbidden.map((name) => `!${name}`)];
  const entries: Entry[] = [
    ...request.groups.flatMap(groupEntries),
    ...(request.groupPolicy === undefined ? [] : [['group_policy', request.groupPolicy] as const]),
    ...(root.length === 0 ? [] : [['root_required', root.join(',')] as const]),
    ...repeated(
      'same_subtree',
      request.sameSubtrees.map((suffixes) => suffixes.join(',')),
    ),
  ];
  return Object.fromEntries(entries);
}

function groupEntries(group: RequestGroup): Entry[] {
  const { suffix, resources, required, forbidden, memberOf, notMemberOf, inTree } = group;
  const plain = required.flatMap((names) => (names.length === 1 ? names : []));
  const all = [...plain, ...forbidden.map((name) => `!${name}`)];
  const some = required.filter((names) => names.length > 1).map((names) => `in:${names.join(',')}`);
  const asked = resources.map(({ resourceClass, amount }) => `${resourceClass}:${amount}`);
  return [
    ...(asked.length === 0 ? [] : [[`resources${suffix}`, asked.join(',')] as const]),
    ...repeated(`required${suffix}`, [...(all.length === 0 ? [] : [all.join(',')]), ...some]),
    ...repeated(`member_of${suffix}`, [
      ...memberOf.map((aggregates) => `in:${aggregates.join(',')}`),
      ...(notMemberOf.length === 0 ? [] : [`!in:${notMemberOf.join(',')}`]),
    ]),
    ...(inTree === undefined ? [] : [[`in_tree${suffix}`, inTree] as const]),
  ];
}

function repeated(key: string, values: readonly string[]): Entry[] {
  const [only, ...more] = values;
  if (only === undefined) return [];
  return [[key, more.length === 0 ? only : values]];
}
