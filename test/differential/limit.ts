import type { Difference } from './compare.js';
import type { Answer, Sent } from './exchange.js';
import { canonical } from './normal-form.js';

interface WireCandidates {
  readonly allocation_requests: readonly unknown[];
  readonly provider_summaries: Readonly<Record<string, unknown>>;
}

/** The same search without its limit; undefined: it has none. */
export function withoutLimit(sent: Sent): Sent | undefined {
  const [path = '', query = ''] = sent.path.split('?');
  if (sent.method !== 'GET' || path !== '/allocation_candidates') return undefined;
  const pairs = query.split('&');
  const left = pairs.filter((pair) => !pair.startsWith('limit='));
  return left.length === pairs.length ? undefined : { ...sent, path: `${path}?${left.join('&')}` };
}

/**
 * Which candidates a limit leaves is not promised (spec allocation_candidates.md §7): what it leaves is held against the whole answer
 * of the same service.
 */
export function limitDifferences(sent: Sent, limited: Answer, whole: Answer): Difference[] {
  const limit = Number(new URLSearchParams(sent.path.split('?')[1]).get('limit'));
  const some = JSON.parse(limited.text) as WireCandidates;
  const all = JSON.parse(whole.text) as WireCandidates;
  const known = new Set(all.allocation_requests.map(canonical));
  const strangers = some.allocation_requests.map(canonical).filter((text) => !known.has(text));
  const count = new Set(some.allocation_requests.map(canonical)).size;
  const expected = Math.min(limit, all.allocation_requests.length);
  const summaries = Object.entries(some.provider_summaries).filter(
    ([uuid, summary]) => canonical(summary) !== canonical(all.provider_summaries[uuid]),
  );
  const unless = (part: string, isRight: boolean, berth: unknown): Difference[] =>
    isRight ? [] : [{ part, berth: canonical(berth), peer: '' }];
  return [
    ...unless('limit: how many', count === expected, { count, expected }),
    ...unless('limit: candidates that there are not', strangers.length === 0, strangers),
    ...unless('limit: summaries', summaries.length === 0, summaries),
  ];
}
