import { CHANGE_KINDS, type ChangeKind } from '#berth/domain';
import type { FollowChanges } from '#berth/placement';
import { queryCheck, querySchema } from '../http/filters/query-check.js';
import { lastValueOf, valuesOf, type QueryPairs } from '../http/filters/query-pairs.js';
import type { Follower } from './follower.js';

const DEFAULT_LIMIT = 100;

/** Proxies give up on an answer that takes a minute; more waiting is another request: s. */
const MAX_WAIT = '60';

const checkQuery = queryCheck([
  {
    since: 0,
    schema: querySchema({
      after: { type: 'string', minLength: 1 },
      wait: { type: 'string', pattern: `^([1-5]?[0-9]|${MAX_WAIT})$` },
      limit: { type: 'string', pattern: '^([1-9][0-9]{0,2}|1000)$' },
      kind: { type: 'string', enum: [...CHANGE_KINDS] },
      uuid: { type: 'string', minLength: 1 },
    }),
  },
]);

/**
 * Turns the query of GET /changes, or the header in which a client of events says where it was, into what a follower asks
 * for. Throws Invalid if a key is unknown or not well formed.
 */
export function toFollowChanges(pairs: QueryPairs, { lastEventId, signal }: Follower): FollowChanges {
  // One by one: of a key that comes several times each value counts.
  for (const pair of pairs) checkQuery([pair], 0);
  const kinds = valuesOf(pairs, 'kind') as readonly ChangeKind[];
  const uuids = valuesOf(pairs, 'uuid');
  return {
    after: lastEventId ?? lastValueOf(pairs, 'after'),
    filter: { kinds: kinds.length === 0 ? undefined : kinds, uuids: uuids.length === 0 ? undefined : uuids },
    limit: Number(lastValueOf(pairs, 'limit') ?? DEFAULT_LIMIT),
    waitMs: Number(lastValueOf(pairs, 'wait') ?? 0) * 1_000,
    signal,
  };
}
