import type { History, Violation } from './history.js';
import { exclusion, record, release, tokens } from './hold-rules.js';
import { toStories, type Hold } from './lock-story.js';

/**
 * What cannot have happened if a lock pool is what docs/locks/lock-pools.md says. Each key is a lock of the history, each
 * permit an exclusive hold of it, with its place in line in the record.
 */
export function checkPermits(history: History, capacity: number): Violation[] {
  const stories = toStories(history);
  const all = stories.flatMap(({ holds }) => holds).sort((a, b) => a.token - b.token);
  return [
    ...stories.flatMap((story) => [exclusion, tokens, release, record].flatMap((rule) => rule(story))),
    ...stories.flatMap(({ lock, holds }) => line(lock, holds)),
    ...room(all, capacity),
  ];
}

/** Who asked for a key earlier got it earlier: everybody has a place, whether it had to wait or not. */
function line(key: string, holds: readonly Hold[]): Violation[] {
  const placed = holds.flatMap(({ token, recorded }) =>
    recorded?.requestId == null ? [] : [{ token, place: recorded.requestId }],
  );
  return placed.flatMap((one, at): Violation[] => {
    const before = placed[at - 1];
    if (before === undefined || before.place < one.place) return [];
    const message = `${key}: token ${before.token} of place ${before.place} came before token ${one.token} of place ${one.place}`;
    return [{ rule: 'order', message }];
  });
}

/** Never more permits at once than there is room for: by the database's clock, of those that nobody can have given back. */
function room(holds: readonly Hold[], capacity: number): Violation[] {
  let present: Hold[] = [];
  return holds.flatMap((hold): Violation[] => {
    present = present.filter(({ untilMs }) => untilMs - 1 > hold.sinceMs);
    const knownAt = hold.told.reduce((first, { answeredAt }) => Math.min(first, answeredAt), Infinity);
    const beside = present.filter(({ mayEndAt }) => mayEndAt >= knownAt);
    present.push(hold);
    if (beside.length < capacity) return [];
    const others = beside.map(({ token }) => token).join(', ');
    return [{ rule: 'permits', message: `token ${hold.token} was given beside ${others}, with room for ${capacity}` }];
  });
}
