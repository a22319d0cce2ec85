import type { CandidatesRequest, CandidatesResult, RequestGroup } from '../src/request.js';
import { classNameOf, providerAt } from '../src/snapshot-views.js';
import type { Snapshot } from '../src/snapshot.js';

const GROUP_KEY = /^(resources|required|member_of|in_tree)(.*)$/;

type GroupDraft = { -readonly [Key in keyof RequestGroup]: RequestGroup[Key] };

/**
 * Reads the query strings of the spec's examples into a request, at 1.39 unless `overrides` say otherwise: enough of the syntax for tests, without
 * a single check.
 */
export function parseQuery(query: string, overrides: Partial<CandidatesRequest> = {}): CandidatesRequest {
  const groups = new Map<string, GroupDraft>();
  const request = emptyRequest();
  for (const pair of query.split('&')) {
    const [key = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const items = value.split(',');
    if (key === 'group_policy') request.groupPolicy = value === 'isolate' ? 'isolate' : 'none';
    else if (key === 'limit') request.limit = Number(value);
    else if (key === 'same_subtree') request.sameSubtrees = [...request.sameSubtrees, items];
    else if (key === 'root_required') {
      request.rootRequired = items.filter((name) => !name.startsWith('!'));
      request.rootForbidden = items.filter((name) => name.startsWith('!')).map((name) => name.slice(1));
    } else {
      const [, family = '', suffix = ''] = GROUP_KEY.exec(key) ?? [];
      const group = groups.get(suffix) ?? emptyGroup(suffix);
      groups.set(suffix, group);
      addToGroup(group, family, value);
    }
  }
  return { ...request, groups: [...groups.values()], ...overrides };
}

function addToGroup(group: GroupDraft, family: string, value: string): void {
  const names = value
    .replace(/^!?in:/, '')
    .replace(/^!/, '')
    .split(',');
  if (family === 'resources') {
    group.resources = value.split(',').map((item) => {
      const [resourceClass = '', amount] = item.split(':');
      return { resourceClass, amount: Number(amount) };
    });
  } else if (family === 'in_tree') {
    group.inTree = value;
  } else if (family === 'member_of') {
    if (value.startsWith('!')) group.notMemberOf = [...group.notMemberOf, ...names];
    else group.memberOf = [...group.memberOf, names];
  } else if (value.startsWith('in:')) {
    group.required = [...group.required, names];
  } else {
    for (const name of value.split(',')) {
      if (name.startsWith('!')) group.forbidden = [...group.forbidden, name.slice(1)];
      else group.required = [...group.required, [name]];
    }
  }
}

function emptyRequest(): { -readonly [Key in keyof CandidatesRequest]: CandidatesRequest[Key] } {
  return {
    groups: [],
    groupPolicy: undefined,
    rootRequired: [],
    rootForbidden: [],
    sameSubtrees: [],
    limit: undefined,
    spanTrees: true,
    maxCandidates: undefined,
    randomize: false,
  };
}

/** A group without any condition. */
export function emptyGroup(suffix: string): GroupDraft {
  return { suffix, resources: [], required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: undefined };
}

/** A result in the notation of the spec's examples, sorted: `p(CLASS:n) q(CLASS:n) | S→p,q`. */
export function describeResult(snapshot: Snapshot, { candidates, summarized }: CandidatesResult) {
  const name = (index: number) => providerAt(snapshot, index).uuid;
  return {
    candidates: candidates
      .map(({ allocations, mappings }) => {
        const amounts = allocations.map(
          ({ provider, resourceClass, amount }) =>
            `${name(provider)}(${classNameOf(snapshot, resourceClass)}:${amount})`,
        );
        const served = mappings.map(({ suffix, providers }) => `${suffix}→${providers.map(name).sort().join()}`);
        return `${amounts.sort().join(' ')} | ${served.sort().join(' ')}`;
      })
      .sort(),
    summarized: summarized.map(name).sort(),
  };
}
