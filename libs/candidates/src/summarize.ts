import { Combiner } from './combiner.js';
import { candidateOf } from './candidate.js';
import { rootAllowed, type Plan } from './plan.js';
import type { Candidate } from './request.js';
import type { Snapshot } from './snapshot.js';

/**
 * Every provider of every tree that gives something to a candidate, ascending. Source: spec allocation_candidates.md §8, ≥ 1.29 or
 * nothing nested.
 */
export function summarizeTrees(snapshot: Snapshot, candidates: readonly Candidate[]): readonly number[] {
  const { subtreeEnd } = snapshot.layout;
  const summarized: number[] = [];
  for (const root of rootsOf(snapshot, candidates)) {
    const end = subtreeEnd[root] ?? root + 1;
    for (let index = root; index < end; index++) summarized.push(index);
  }
  return summarized;
}

/**
 * Below 1.29 in a nested deployment: the providers that give something to some candidate, returned or not, of the trees that the
 * returned ones use; ascending. `rest` are the candidates beyond the limit, undefined if they were not formed: then the anchors of the trees in
 * question are searched for what is missing. Source: spec allocation_candidates.md §8.
 */
export function summarizeGivers(
  snapshot: Snapshot,
  plan: Plan,
  candidates: readonly Candidate[],
  rest: readonly Candidate[] | undefined,
): readonly number[] {
  const roots = new Set(rootsOf(snapshot, candidates));
  const givers = new Set<number>();
  const note = ({ allocations }: Candidate): void => {
    for (const { provider } of allocations) {
      if (roots.has(snapshot.layout.root[provider] ?? -1)) givers.add(provider);
    }
  };
  candidates.forEach(note);
  if (rest !== undefined) rest.forEach(note);
  else noteUnseen(snapshot, plan, roots, givers, note);
  return [...givers].sort((a, b) => a - b);
}

/** Whether two different providers of one tree give something to the candidate. */
export function usesTreeTwice(snapshot: Snapshot, { allocations }: Candidate): boolean {
  const { root } = snapshot.layout;
  return allocations.some((one) =>
    allocations.some((other) => one.provider !== other.provider && root[one.provider] === root[other.provider]),
  );
}

/** Distinct roots of the trees that give something, ascending. */
function rootsOf(snapshot: Snapshot, candidates: readonly Candidate[]): readonly number[] {
  const roots: number[] = [];
  let last = -1;
  for (const { allocations } of candidates) {
    for (const { provider } of allocations) {
      const root = snapshot.layout.root[provider] ?? provider;
      // One tree gives several things in a row: hardly anything is left to sort.
      if (root !== last) roots.push(root);
      last = root;
    }
  }
  roots.sort((a, b) => a - b);
  return roots.filter((root, at) => root !== roots[at - 1]);
}

function noteUnseen(
  snapshot: Snapshot,
  plan: Plan,
  roots: ReadonlySet<number>,
  givers: ReadonlySet<number>,
  note: (candidate: Candidate) => void,
): void {
  const combiner = new Combiner(snapshot, plan, undefined);
  for (const anchor of anchorsOfUnseen(snapshot, roots, givers)) {
    if (!rootAllowed(plan, anchor) || !combiner.reset(anchor)) continue;
    // Everything that this anchor could add is known already: its options are the only possible givers.
    while (
      combiner.options.some((list) => list.some((at) => isUnseen(snapshot, roots, givers, at))) &&
      combiner.next()
    ) {
      note(candidateOf(plan, combiner));
    }
  }
}

function isUnseen(
  snapshot: Snapshot,
  roots: ReadonlySet<number>,
  givers: ReadonlySet<number>,
  provider: number,
): boolean {
  return !givers.has(provider) && roots.has(snapshot.layout.root[provider] ?? -1);
}

/** The trees themselves, and wherever their sharing members that have not been seen to give may be asked. */
function anchorsOfUnseen(
  snapshot: Snapshot,
  roots: ReadonlySet<number>,
  givers: ReadonlySet<number>,
): ReadonlySet<number> {
  const anchors = new Set(roots);
  for (const [sharer, neighbours] of snapshot.sharing.neighbours) {
    if (isUnseen(snapshot, roots, givers, sharer)) for (const root of neighbours) anchors.add(root);
  }
  return anchors;
}
