import type { Looked, Violation } from './history.js';
import type { Hold, LockStory } from './lock-story.js';

/** How far an owner has been told, as a token: at least, and at most. */
interface Seen {
  readonly atLeast: number;
  readonly atMost: number;
}

interface Evidence {
  /** Tokens of exclusive holds that others had, rising. */
  readonly others: readonly number[];
  readonly fleeting: readonly number[];
  readonly asked: readonly Looked[];
  readonly bounds: Bounds;
}

/**
 * `changed` is exactly whether somebody else held the lock exclusively since the owner was told last. At a grant that is the
 * token of its own last one, if that was told; a monitor that asks is told somewhere between question and answer, and one whose answer was
 * lost may have been.
 */
export function changed({ lock, holds, looked, fleeting }: LockStory): Violation[] {
  const owners = new Set(holds.map(({ owner }) => owner));
  const exclusive = holds.filter(({ mode }) => mode === 'exclusive');
  const bounds = new Bounds(holds);
  return [...owners].flatMap((owner) => {
    const others = exclusive.filter((hold) => hold.owner !== owner).map(({ token }) => token);
    const asked = looked.filter((one) => one.owner === owner).sort((a, b) => a.invokedAt - b.invokedAt);
    return ofOwner(lock, owner, holds, { others, fleeting, asked, bounds });
  });
}

function ofOwner(
  lock: string,
  owner: string,
  holds: readonly Hold[],
  { others, fleeting, asked, bounds }: Evidence,
): Violation[] {
  const violations: Violation[] = [];
  const judge = (what: string, told: boolean, seen: Seen, now: Seen): void => {
    const certain = isAnyBetween(others, seen.atMost, now.atLeast);
    const possible = isAnyBetween(others, seen.atLeast, now.atMost);
    const fled = fleeting.some((token) => token > seen.atLeast && token <= now.atMost);
    if (told ? possible || fled : !certain) return;
    const since = `since ${seen.atLeast}${seen.atLeast === seen.atMost ? '' : ` or up to ${seen.atMost}`}`;
    violations.push({ rule: 'changed', message: `${lock}: ${owner} ${what} was told ${told}, ${since}` });
  };
  let seen: Seen = { atLeast: 0, atMost: 0 };
  for (const hold of holds) {
    if (hold.owner !== owner) continue;
    const now = { atLeast: hold.token, atMost: hold.token };
    const told = hold.told.find(({ fresh }) => fresh !== undefined)?.fresh?.changed;
    if (told !== undefined) judge(`with token ${hold.token}`, told, seen, now);
    // A grant that could not be told is taken back, if the server knows that: then its owner was told nothing by it.
    seen = told === undefined ? { atLeast: seen.atLeast, atMost: hold.token } : now;
    for (const one of asked) {
      if (one.token !== hold.token) continue;
      const then = bounds.of(one, hold.token);
      if (one.changed === undefined) {
        seen = { atLeast: seen.atLeast, atMost: Infinity };
        continue;
      }
      judge(`asking at ${one.invokedAt}`, one.changed, seen, then);
      seen = { atLeast: Math.max(seen.atLeast, then.atLeast), atMost: Math.max(seen.atMost, then.atMost) };
    }
  }
  return violations;
}

/** Whether one of the rising numbers is greater than `from` and not greater than `to`. */
function isAnyBetween(numbers: readonly number[], from: number, to: number): boolean {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) > from) high = middle;
    else low = middle + 1;
  }
  const first = numbers[low];
  return first !== undefined && first <= to;
}

/** Where among the tokens a moment of the client's clock lies. */
class Bounds {
  /** Answered at the time, and the greatest token that was known then. */
  private readonly known: { readonly at: number; readonly token: number }[] = [];
  /** Invoked at the time, and the smallest token that was asked for then or later. */
  private readonly unasked: { readonly at: number; readonly token: number }[] = [];

  constructor(holds: readonly Hold[]) {
    const fresh = holds.flatMap(({ told }) => told.filter((one) => one.fresh !== undefined));
    let greatest = 0;
    for (const { answeredAt, token } of [...fresh].sort((a, b) => a.answeredAt - b.answeredAt)) {
      greatest = Math.max(greatest, token);
      this.known.push({ at: answeredAt, token: greatest });
    }
    let smallest = Infinity;
    for (const { invokedAt, token } of fresh.sort((a, b) => b.invokedAt - a.invokedAt)) {
      smallest = Math.min(smallest, token);
      this.unasked.push({ at: invokedAt, token: smallest });
    }
  }

  /** All tokens up to the one were given before the question, and none from the other on before the answer. */
  of({ invokedAt, answeredAt = Infinity }: Looked, own: number): Seen {
    const before = this.known.findLast(({ at }) => at < invokedAt)?.token ?? 0;
    const after = this.unasked.findLast(({ at }) => at > answeredAt)?.token ?? Infinity;
    return { atLeast: Math.max(own, before), atMost: Math.max(own, after - 1) };
  }
}
