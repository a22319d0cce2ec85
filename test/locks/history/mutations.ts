import { areCompatible, type History, type Rule } from './history.js';

/** Makes a sound history break one rule; undefined: it has nothing in it that could. */
export type Mutation = (history: History) => History | undefined;

export const MUTATIONS: Partial<Record<Rule, Mutation>> = {
  /** A lease that lasted longer, and nobody ended it. */
  exclusion: (history) => {
    const pair = pairs(history).find(([one]) => history.held.some(({ token }) => token === one.token));
    if (pair === undefined) return undefined;
    const [one, next] = pair;
    const held = history.held.map((told) =>
      told.token === one.token ? { ...told, untilMs: next.sinceMs + 100 } : told,
    );
    return { ...history, held, endings: history.endings.filter(({ token }) => token !== one.token) };
  },
  /** Two grants, one after the other, with each other's tokens. */
  tokens: (history) => {
    const fresh = history.held.filter((told) => told.fresh !== undefined);
    for (const one of fresh) {
      const later = fresh.find(({ lock, invokedAt }) => lock === one.lock && invokedAt > one.answeredAt);
      if (later === undefined) continue;
      const swap = <T extends { readonly token: number }>(item: T): T => {
        const tokens = new Map([
          [one.token, later.token],
          [later.token, one.token],
        ]);
        return { ...item, token: tokens.get(item.token) ?? item.token };
      };
      return { ...history, held: history.held.map(swap), record: history.record.map(swap) };
    }
    return undefined;
  },
  /** Somebody waited before the one who went first had come. */
  order: (history) => {
    const pair = pairs(history).find(([, next]) => next.requestId !== null);
    if (pair === undefined) return undefined;
    const [one, next] = pair;
    const record = history.record.map((entry) =>
      entry.token === next.token ? { ...entry, requestId: (one.requestId ?? one.token) - 1 } : entry,
    );
    return { ...history, record };
  },
  changed: (history) => {
    // To those who watch, and to those who lost an answer, not everything that is told is certain.
    const known = new Set(history.held.flatMap(({ fresh, token }) => (fresh === undefined ? [] : [token])));
    const vague = new Set(
      history.record.flatMap(({ mode, owner, token }) => (mode === 'monitor' || !known.has(token) ? [owner] : [])),
    );
    const at = history.held.findIndex(({ fresh, owner }) => fresh !== undefined && !vague.has(owner));
    const told = history.held[at];
    if (told?.fresh === undefined) return undefined;
    return { ...history, held: history.held.with(at, { ...told, fresh: { changed: told.fresh.changed !== true } }) };
  },
  release: (history) => {
    const once = history.endings.find(({ released }) => released === true);
    return once === undefined ? undefined : { ...history, endings: [...history.endings, once] };
  },
  fence: (history) => {
    const at = history.writes.findIndex(
      ({ accepted, lock, token, invokedAt }) =>
        !accepted &&
        history.held.some(
          (told) =>
            told.mode === 'exclusive' && told.lock === lock && told.token > token && told.answeredAt < invokedAt,
        ),
    );
    const refused = history.writes[at];
    return refused && { ...history, writes: history.writes.with(at, { ...refused, accepted: true }) };
  },
  record: (history) => {
    const told = history.held.find(({ fresh }) => fresh !== undefined);
    return told && { ...history, record: history.record.filter(({ token }) => token !== told.token) };
  },
};

/** Grants of one lock to two owners that don't go together, one right after the other. */
function pairs({ record }: History) {
  return record.flatMap((one, at) => {
    const next = record.slice(at + 1).find(({ lock }) => lock === one.lock);
    if (next?.mode === undefined || one.mode === undefined || next.owner === one.owner) return [];
    return areCompatible(next.mode, one.mode) ? [] : [[one, next] as const];
  });
}
