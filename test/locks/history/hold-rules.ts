import { areCompatible, type Held, type Violation } from './history.js';
import { certainInterval, type Hold, type LockStory } from './lock-story.js';

/** Times in answers are whole ms, rounded down: two of the same moment may differ by one. */
const ROUNDING_MS = 1;

/**
 * Two holds that don't go together never overlap. By the database's clock: who is granted a lock after another comes not
 * before the other's time is over, unless somebody can have ended that hold before the grant was known. And by the
 * client's: what two clients may rely on at one moment goes together.
 */
export function exclusion({ lock, holds }: LockStory): Violation[] {
  return [...byDatabaseClock(lock, holds), ...byClientClock(lock, holds)];
}

function byDatabaseClock(lock: string, holds: readonly Hold[]): Violation[] {
  const violations: Violation[] = [];
  let present: Hold[] = [];
  for (const hold of holds) {
    present = present.filter(({ untilMs }) => untilMs - ROUNDING_MS > hold.sinceMs);
    const knownAt = hold.told.reduce((first, { answeredAt }) => Math.min(first, answeredAt), Infinity);
    for (const other of present) {
      if (other.owner === hold.owner || areCompatible(other.mode, hold.mode) || other.mayEndAt < knownAt) continue;
      violations.push({
        rule: 'exclusion',
        message:
          `${lock}: ${nameOf(hold)} was granted at ${hold.sinceMs}, ` +
          `${other.untilMs - hold.sinceMs} ms before the end of ${nameOf(other)} (${other.untilMs}), which nobody had ended`,
      });
    }
    present.push(hold);
  }
  return violations;
}

function byClientClock(lock: string, holds: readonly Hold[]): Violation[] {
  const certain = holds
    .map((hold) => ({ hold, ...certainInterval(hold) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  const violations: Violation[] = [];
  let present: typeof certain = [];
  for (const one of certain) {
    present = present.filter(({ to }) => to > one.from);
    for (const { hold: other, to } of present) {
      if (other.owner === one.hold.owner || areCompatible(other.mode, one.hold.mode)) continue;
      violations.push({
        rule: 'exclusion',
        message: `${lock}: ${nameOf(one.hold)} from ${one.from}, while ${nameOf(other)} was held until ${to}`,
      });
    }
    present.push(one);
  }
  return violations;
}

/** A grant that was asked for when another one was known has a greater token, and no two grants have the same. */
export function tokens({ lock, holds, doubled }: LockStory): Violation[] {
  const violations: Violation[] = doubled.map(({ token, owners }) => ({
    rule: 'tokens',
    message: `${lock}: token ${token} was given to ${owners.join(' and ')}`,
  }));
  const fresh = holds.flatMap(({ told }) => told.filter((one) => one.fresh !== undefined));
  const known = [...fresh].sort((a, b) => a.answeredAt - b.answeredAt);
  let next = 0;
  let greatest: Held | undefined;
  for (const grant of fresh.sort((a, b) => a.invokedAt - b.invokedAt)) {
    for (let one = known[next]; one !== undefined && one.answeredAt < grant.invokedAt; one = known[(next += 1)]) {
      if (greatest === undefined || one.token > greatest.token) greatest = one;
    }
    if (greatest === undefined || greatest.token < grant.token) continue;
    violations.push({
      rule: 'tokens',
      message: `${lock}: ${nameOf(grant)} was asked for at ${grant.invokedAt}, after ${nameOf(greatest)} at ${greatest.answeredAt}`,
    });
  }
  return violations;
}

/**
 * First come, first served: nobody is granted a lock while somebody waits who came before and doesn't go together with it,
 * unless it converts what it has. Places in line and tokens are numbers of one sequence; who does not wait has the place
 * of its token.
 */
export function order({ lock, holds }: LockStory): Violation[] {
  const violations: Violation[] = [];
  holds.forEach((waiter, at) => {
    const place = waiter.recorded?.requestId ?? undefined;
    if (place === undefined) return;
    for (let before = at - 1; before >= 0; before -= 1) {
      const taker = holds[before];
      if (taker === undefined || taker.token < place) break;
      // What somebody took away in the transaction that granted it (a break) has no place in the record any more.
      if (taker.recorded?.mode === undefined || taker.recorded.converted || taker.owner === waiter.owner) continue;
      if (areCompatible(taker.mode, waiter.mode) || (taker.recorded.requestId ?? taker.token) < place) continue;
      violations.push({
        rule: 'order',
        message: `${lock}: ${nameOf(taker)} passed ${nameOf(waiter)}, which waited from place ${place} on`,
      });
    }
  });
  return violations;
}

/** An answered release is true once, and not when the lock was known to be somebody else's. */
export function release({ lock, holds, endings }: LockStory): Violation[] {
  const released = new Set<string>();
  const byToken = new Map(holds.map((hold) => [hold.token, hold]));
  return endings.flatMap((ending): Violation[] => {
    if (ending.released === undefined || ending.token === undefined) return [];
    const who = `${ending.owner ?? ''} with token ${ending.token}`;
    if (released.has(who)) return [{ rule: 'release', message: `${lock}: released twice by ${who}` }];
    released.add(who);
    const hold = byToken.get(ending.token);
    if (hold === undefined) return [];
    const next = holds.find(
      ({ token, owner, mode, told }) =>
        token > hold.token &&
        owner !== hold.owner &&
        !areCompatible(mode, hold.mode) &&
        told.some(({ answeredAt }) => answeredAt < ending.invokedAt),
    );
    if (next === undefined) return [];
    return [{ rule: 'release', message: `${lock}: released by ${who}, although ${nameOf(next)} had it since` }];
  });
}

/** Nothing is written under a token when a greater one of an exclusive hold, or a write under one, was known before. */
export function fence({ lock, holds, writes }: LockStory): Violation[] {
  const known = [
    ...holds.flatMap(({ mode, told }) => (mode === 'exclusive' ? told : [])),
    ...writes.filter(({ accepted }) => accepted),
  ].sort((a, b) => a.answeredAt - b.answeredAt);
  let next = 0;
  let greatest = 0;
  const accepted = writes.filter((write) => write.accepted).sort((a, b) => a.invokedAt - b.invokedAt);
  return accepted.flatMap((write): Violation[] => {
    for (let one = known[next]; one !== undefined && one.answeredAt < write.invokedAt; one = known[(next += 1)]) {
      greatest = Math.max(greatest, one.token);
    }
    if (greatest <= write.token) return [];
    return [{ rule: 'fence', message: `${lock}: written under token ${write.token} when ${greatest} was known` }];
  });
}

/** What a client was told stands in the database's record; an answer that was lost with a commit would not. */
export function record({ lock, holds }: LockStory): Violation[] {
  return holds.flatMap(({ told, recorded, mayEndAt, ...hold }): Violation[] => {
    const grant = told.find(({ fresh }) => fresh !== undefined);
    // What is granted and ended in one transaction is never written.
    if (grant === undefined || recorded !== undefined || mayEndAt < grant.answeredAt) return [];
    return [{ rule: 'record', message: `${lock}: ${nameOf(hold)} was answered and is in no record` }];
  });
}

function nameOf({ owner, mode, token }: Pick<Held, 'owner' | 'mode' | 'token'>): string {
  return `${owner} (${mode}, token ${token})`;
}
