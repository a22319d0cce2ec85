import {
  groupBy,
  type Ending,
  type FencedWrite,
  type Held,
  type History,
  type Looked,
  type Recorded,
} from './history.js';

/** One hold of one lock: all that clients were told about it, and what the database wrote. */
export interface Hold {
  readonly owner: string;
  readonly mode: Held['mode'];
  readonly token: number;
  readonly sinceMs: number;
  /** The database's clock: until then it kept others out, by all that was answered, unless it was ended. */
  readonly untilMs: number;
  readonly told: readonly Held[];
  readonly recorded: Recorded | undefined;
  /** The client's clock: nobody who knew of it can have ended it before. Infinity: nobody tried. */
  readonly mayEndAt: number;
}

/** What happened to one lock, holds in the order of their tokens. */
export interface LockStory {
  readonly lock: string;
  readonly holds: readonly Hold[];
  readonly looked: readonly Looked[];
  readonly endings: readonly Ending[];
  readonly writes: readonly FencedWrite[];
  /** Tokens of grants that ended at once: nobody was told of them, and they may have been exclusive. */
  readonly fleeting: readonly number[];
  /** Two owners, or two times, were given the same token. */
  readonly doubled: readonly { readonly token: number; readonly owners: readonly string[] }[];
}

/** The history, lock by lock. */
export function toStories(history: History): LockStory[] {
  const held = groupBy(history.held, ({ lock }) => lock);
  const record = groupBy(history.record, ({ lock }) => lock);
  const looked = groupBy(history.looked, ({ lock }) => lock);
  const endings = groupBy(history.endings, ({ lock }) => lock);
  const writes = groupBy(history.writes, ({ lock }) => lock);
  return [...new Set([...held.keys(), ...record.keys(), ...writes.keys()])].sort().map((lock) => ({
    lock,
    looked: looked.get(lock) ?? [],
    endings: endings.get(lock) ?? [],
    writes: writes.get(lock) ?? [],
    ...toHolds(held.get(lock) ?? [], record.get(lock) ?? [], endings.get(lock) ?? []),
  }));
}

function toHolds(
  told: readonly Held[],
  record: readonly Recorded[],
  endings: readonly Ending[],
): Pick<LockStory, 'holds' | 'fleeting' | 'doubled'> {
  const tokenOf = ({ token }: { readonly token: number }): string => String(token);
  const [toldOf, recordOf] = [groupBy(told, tokenOf), groupBy(record, tokenOf)];
  const endingsOf = groupBy(endings, ({ owner }) => owner ?? '');
  const doubled: { token: number; owners: string[] }[] = [];
  const holds = [...new Set([...toldOf.keys(), ...recordOf.keys()])].flatMap((key): Hold[] => {
    const [evidence, recorded] = [toldOf.get(key) ?? [], recordOf.get(key) ?? []];
    const grants = new Set([...evidence, ...recorded].map((one) => `${one.owner} ${one.sinceMs}`));
    if (grants.size > 1) doubled.push({ token: Number(key), owners: [...grants] });
    const first = evidence[0] ?? recorded[0];
    if (first?.mode === undefined) return [];
    const own = [...(endingsOf.get(first.owner) ?? []), ...(endingsOf.get('') ?? [])];
    return [
      {
        ...{ owner: first.owner, mode: first.mode, token: first.token, sinceMs: first.sinceMs },
        ...{ told: evidence, recorded: recorded[0] },
        untilMs: evidence.reduce((latest, { untilMs }) => Math.max(latest, untilMs), first.sinceMs),
        mayEndAt: mayEndAt(first.token, evidence, own),
      },
    ];
  });
  const fleeting = record.filter(({ mode, token }) => mode === undefined && !toldOf.has(String(token)));
  return { holds: holds.sort((a, b) => a.token - b.token), fleeting: fleeting.map(tokenOf).map(Number), doubled };
}

/** The first invocation that can have ended the hold. What was answered before the hold was seen alive did not end it. */
function mayEndAt(token: number, told: readonly Held[], endings: readonly Ending[]): number {
  const aliveAt = told.reduce((latest, { invokedAt }) => Math.max(latest, invokedAt), -Infinity);
  return endings.reduce((first, ending) => {
    if (ending.token !== undefined && ending.token !== token) return first;
    return (ending.answeredAt ?? Infinity) < aliveAt ? first : Math.min(first, ending.invokedAt);
  }, Infinity);
}

/** By the client's clock: the hold was there for certain from the one to the other; nothing: it can't be said. */
export function certainInterval({ told, mayEndAt: end }: Hold): { readonly from: number; readonly to: number } {
  const from = told.reduce((first, { answeredAt }) => Math.min(first, answeredAt), Infinity);
  const to = told.reduce((last, { invokedAt, leaseMs }) => Math.max(last, invokedAt + leaseMs), -Infinity);
  return { from, to: Math.min(to, end) };
}
