import { possibleAmounts } from './possible-amounts.js';
import { replacementsFor } from './relaxation-search.js';
import {
  conditionDrops,
  kindOfGroup,
  relax,
  rootDrops,
  sizeOf,
  structureDrops,
  type Relaxation,
} from './relaxation.js';
import type { CandidatesRequest, RequestGroup } from './request.js';
import { screen } from './screening.js';
import type { Snapshot } from './snapshot.js';
import type { Trial } from './trial.js';

/** Most tries to find anything that works at all. */
const START_TRIES = 16;
/** Most tries to take changes back again: what is not tried any more stays a change. Real requests have a dozen conditions. */
const RESTORE_TRIES = 48;

/**
 * Several changes that together give a candidate, where no single one does: starts from the request stripped down to one amount of one
 * class, and takes back change after change, the largest first, as long as there is a candidate. So, unless the tries run out, none can be
 * left out; whether fewer others would do is not looked for, it would take a search per subset. Empty if not even one class can be given.
 */
export function relaxationCombination(snapshot: Snapshot, request: CandidatesRequest, trial: Trial): Relaxation[] {
  trial.allow(START_TRIES);
  const start = stripped(snapshot, request, trial);
  if (start === undefined) return [];
  trial.allow(RESTORE_TRIES);
  return restore(request, start, trial);
}

function stripped(snapshot: Snapshot, request: CandidatesRequest, trial: Trial): Relaxation[] | undefined {
  const starts = request.groups.flatMap((group) =>
    group.resources.map((asked) => ({ group, asked, changes: changesToKeep(request, group, asked.resourceClass) })),
  );
  const asIs = starts.find(({ changes }) => trial.gives(relaxAll(request, changes)));
  if (asIs !== undefined) return asIs.changes;
  for (const change of ['amount', 'class'] as const) {
    for (const { group, asked, changes } of starts) {
      const bare = relaxAll(request, changes);
      const others =
        change === 'amount'
          ? otherAmounts(snapshot, bare, group.suffix)
          : replacementsFor(snapshot, bare, group.suffix, asked);
      const working = others.find((other) => trial.gives(relax(bare, other)));
      if (working !== undefined) return [working, ...changes];
    }
  }
  return undefined;
}

/** Everything that can be dropped beside one class of one group. Groups last: same_subtree goes by the suffixes of the request. */
function changesToKeep(request: CandidatesRequest, kept: RequestGroup, resourceClass: string): Relaxation[] {
  const { suffix } = kept;
  return [
    ...structureDrops(request),
    ...rootDrops(request),
    ...conditionDrops(kept),
    ...kept.resources.flatMap((other): Relaxation[] =>
      other.resourceClass === resourceClass ? [] : [{ kind: 'remove_class', suffix, ...other }],
    ),
    ...request.groups.flatMap((group): Relaxation[] =>
      group.suffix === suffix ? [] : [{ kind: 'remove_group', suffix: group.suffix }],
    ),
  ];
}

function otherAmounts(snapshot: Snapshot, bare: CandidatesRequest, suffix: string): Relaxation[] {
  const [group] = bare.groups;
  const [asked] = group?.resources ?? [];
  if (group === undefined || asked === undefined) return [];
  const { resourceClass, amount: from } = asked;
  const screened = screen(snapshot, group);
  const [choice] = screened.choices;
  const tooMuch = screened.obstacles.findIndex(({ amountOf }) => amountOf === resourceClass) + 1;
  const amounts = choice && possibleAmounts(snapshot, choice, resourceClass, [tooMuch], () => true);
  return (amounts ?? []).map((to) => ({ kind: 'change_amount', suffix, resourceClass, from, to }) as const);
}

function restore(request: CandidatesRequest, start: readonly Relaxation[], trial: Trial): Relaxation[] {
  let changes = [...start];
  const refused = new Set<string>();
  // What could not be taken back at first may be later: a group without resources needs the tie to its subtree.
  for (let before = -1; before !== changes.length && !trial.isOver();) {
    before = changes.length;
    refused.clear();
    for (const change of largestFirst(changes)) takeBack(change);
  }
  return changes;

  function tryInstead(change: Relaxation, instead: readonly Relaxation[]): boolean {
    const others = changes.flatMap((one) => (one === change ? instead : [one]));
    if (!trial.gives(relaxAll(request, others))) return false;
    changes = others;
    return true;
  }

  function takeBack(change: Relaxation): void {
    const group = change.kind === 'remove_group' && request.groups.find(({ suffix }) => suffix === change.suffix);
    // Where one group does not fit back, another of its kind does not either.
    const kind = group ? kindOfGroup(request, group) : JSON.stringify(change);
    if (refused.has(kind) || tryInstead(change, [])) return;
    refused.add(kind);
    // A group that does not fit back may do so without its conditions, and then perhaps with some of them.
    const drops = group ? conditionDrops(group) : [];
    if (drops.length > 0 && tryInstead(change, drops)) for (const drop of drops.reverse()) tryInstead(drop, []);
  }
}

function largestFirst(changes: readonly Relaxation[]): Relaxation[] {
  return [...changes].sort((a, b) => sizeOf(b) - sizeOf(a));
}

function relaxAll(request: CandidatesRequest, changes: readonly Relaxation[]): CandidatesRequest {
  return changes.reduce(relax, request);
}
