import type { TreeStage } from './explanation.js';
import { possibleAmounts, smallestAmount } from './possible-amounts.js';
import { bitOf } from './reach.js';
import { kindOfGroup, relax, rootDrops, sizeOf, structureDrops, type Relaxation } from './relaxation.js';
import type { CandidatesRequest } from './request.js';
import { screen, type Screened, type ScreenedGroup } from './screening.js';
import type { Snapshot } from './snapshot.js';
import type { TreeScan } from './tree-stages.js';
import type { Trial } from './trial.js';

/** Most single changes tried before whole classes and groups. The first of them mostly works: who could not help is known beforehand. */
const SMALL_TRIES = 24;
/** Most tries beyond them. */
const LARGE_TRIES = 16;
/** Most other classes that are tried in the stead of one that nobody can give. */
const OTHER_CLASSES = 8;

/**
 * Finds the smallest single relaxation of a request without candidates. Tried are, in order of size, those of which the stages do not already show that
 * they could not help: where no tree has somebody for every choice, only what alone keeps some tree from it.
 */
export class RelaxationSearch {
  private readonly survives: boolean;
  /** Of interchangeable groups the first; with its place among all. */
  private readonly distinctGroups: readonly { readonly group: ScreenedGroup; readonly at: number }[];

  constructor(
    private readonly snapshot: Snapshot,
    private readonly request: CandidatesRequest,
    private readonly groups: readonly ScreenedGroup[],
    private readonly scan: TreeScan,
    private readonly trial: Trial,
    private readonly treeStages: readonly TreeStage[],
  ) {
    this.survives = scan.survivors.length > 0;
    const kinds = new Map<string, { group: ScreenedGroup; at: number }>();
    groups.forEach((group, at) => {
      const kind = kindOfGroup(request, group.group);
      if (!kinds.has(kind)) kinds.set(kind, { group, at });
    });
    this.distinctGroups = [...kinds.values()];
  }

  smallest(): Relaxation | undefined {
    const drops = this.promisingDrops();
    const small = drops.filter(({ kind }) => kind !== 'remove_class' && kind !== 'remove_group');
    const large = drops.filter(({ kind }) => kind === 'remove_class' || kind === 'remove_group');
    this.trial.allow(SMALL_TRIES);
    const found = this.first(small) ?? this.first(this.amountChanges()) ?? this.bisected();
    if (found !== undefined) return found;
    this.trial.allow(LARGE_TRIES);
    return this.first(large) ?? this.first(this.replacements());
  }

  private first(relaxations: Iterable<Relaxation>): Relaxation | undefined {
    for (const relaxation of relaxations) {
      if (this.trial.isOver()) return undefined;
      if (this.trial.gives(relax(this.request, relaxation))) return relaxation;
    }
    return undefined;
  }

  /** In order of size, equal ones once. */
  private promisingDrops(): Relaxation[] {
    const { request, scan, survives } = this;
    const drops = this.distinctGroups.flatMap(({ group, at }) => [
      ...group.obstacles.flatMap((obstacle, index) => (this.mayHelp(group, at, index + 1) ? obstacle.drops : [])),
      ...(survives ? collectiveDrops(group) : []),
      ...((survives || scan.removable[at] === true) && this.groups.length > 1
        ? [{ kind: 'remove_group', suffix: group.group.suffix } as const]
        : []),
    ]);
    const others = survives
      ? [...rootDrops(request), ...structureDrops(request).filter((drop) => this.isReached(drop))]
      : scan.helpfulAtRoots;
    const distinct = new Map([...drops, ...others].map((drop) => [JSON.stringify(drop), drop]));
    return [...distinct.values()].sort((a, b) => sizeOf(a) - sizeOf(b));
  }

  /** Whether some tree gets as far as this rule: where none does, it is not this rule that leaves nothing. */
  private isReached({ kind }: Relaxation): boolean {
    const rule = kind === 'drop_isolation' ? 'isolate' : 'same_subtree';
    return this.treeStages.some(({ condition, examined }) => condition.kind === rule && examined > 0);
  }

  /** Whether taking the obstacle away could open a tree or, where trees fail for other reasons, give them more to choose from. */
  private mayHelp(group: ScreenedGroup, at: number, obstacle: number): boolean {
    if (((this.scan.helpful[at] ?? 0) & bitOf(obstacle)) !== 0) return true;
    if (!this.survives) return false;
    const removesClass = group.obstacles[obstacle - 1]?.drops.some(({ kind }) => kind === 'remove_class') === true;
    return removesClass || group.choices.some(({ sieve }) => sieve.obstacles.includes(obstacle));
  }

  /** Other amounts that providers could give who lack nothing else, the smallest change first. */
  private amountChanges(): Relaxation[] {
    const changes = this.amountObstacles().flatMap(({ group, at, obstacle, resourceClass }) => {
      if (!this.mayHelp(group, at, obstacle)) return [];
      const choice = choiceOf(group, resourceClass);
      const opens = (root: number) => this.scan.opensBy(root, at, obstacle);
      const amounts = possibleAmounts(this.snapshot, choice, resourceClass, [obstacle], opens);
      return amounts.map((to) => amountChange(group, resourceClass, to));
    });
    return changes.sort((a, b) => loss(a) - loss(b));
  }

  /** Where several choices ask for one class, the sum decides, and no single provider tells how much is too much. */
  private bisected(): Relaxation | undefined {
    const found = this.amountObstacles().flatMap(({ group, at, obstacle, resourceClass }) => {
      if (!this.survives && !this.mayHelp(group, at, obstacle)) return [];
      const askers = this.groups.filter(({ group: { resources } }) =>
        resources.some((demand) => demand.resourceClass === resourceClass),
      );
      const best = askers.length > 1 ? this.bisect(group, resourceClass) : undefined;
      return best === undefined ? [] : [best];
    });
    return found.sort((a, b) => loss(a) - loss(b))[0];
  }

  private bisect(group: ScreenedGroup, resourceClass: string): AmountChange | undefined {
    const smallest = smallestAmount(this.snapshot, choiceOf(group, resourceClass), resourceClass);
    if (smallest === undefined) return undefined;
    const { step } = smallest;
    let best = amountChange(group, resourceClass, smallest.amount);
    if (best.to >= best.from || !this.trial.gives(relax(this.request, best))) return undefined;
    let tooMuch = best.from;
    while (tooMuch - best.to > step && !this.trial.isOver()) {
      const middle = best.to + Math.max(1, Math.floor((tooMuch - best.to) / 2 / step)) * step;
      if (middle >= tooMuch) break;
      const change = amountChange(group, resourceClass, middle);
      if (this.trial.gives(relax(this.request, change))) best = change;
      else tooMuch = middle;
    }
    return best;
  }

  private amountObstacles() {
    return this.distinctGroups.flatMap(({ group, at }) =>
      group.obstacles.flatMap(({ amountOf }, index) =>
        amountOf === undefined ? [] : [{ group, at, obstacle: index + 1, resourceClass: amountOf }],
      ),
    );
  }

  /** For a request of one class alone. Those first whose names begin alike. */
  private replacements(): Relaxation[] {
    const [asking] = this.request.groups;
    const [asked] = asking?.resources ?? [];
    if (asking === undefined || asked === undefined) return [];
    if (this.request.groups.length > 1 || asking.resources.length > 1) return [];
    return replacementsFor(this.snapshot, this.request, asking.suffix, asked);
  }
}

/** What to ask for instead of a class, in a group that asks for it alone: other classes, with the closest amount that somebody could give. */
export function replacementsFor(
  snapshot: Snapshot,
  request: CandidatesRequest,
  suffix: string,
  asked: { readonly resourceClass: string; readonly amount: number },
): Relaxation[] {
  const group = request.groups.find((one) => one.suffix === suffix);
  const others = snapshot.classNames.filter(
    (name, at) => name !== asked.resourceClass && (snapshot.inventory.columns[at]?.length ?? 0) > 0,
  );
  others.sort((a, b) => alike(b, asked.resourceClass) - alike(a, asked.resourceClass));
  return others.slice(0, OTHER_CLASSES).flatMap((by) => {
    const { resourceClass, amount } = asked;
    const screened = group && screen(snapshot, { ...group, resources: [{ resourceClass: by, amount }] });
    const [choice] = screened?.choices ?? [];
    if (screened === undefined || choice === undefined) return [];
    const tooMuch = screened.obstacles.findIndex(({ amountOf }) => amountOf === by) + 1;
    const amounts = possibleAmounts(snapshot, choice, by, [0, tooMuch], () => true);
    return amounts.map((byAmount) => ({ kind: 'replace_class', suffix, resourceClass, amount, by, byAmount }) as const);
  });
}

function alike(name: string, other: string): number {
  let at = 0;
  while (at < name.length && name[at] === other[at]) at++;
  return at;
}

/** The required traits of the unsuffixed group keep out no provider, but combinations. */
function collectiveDrops({ granular, obstacles }: ScreenedGroup): readonly Relaxation[] {
  if (granular) return [];
  return obstacles.flatMap(({ drops }) => drops.filter(({ kind }) => kind === 'drop_required'));
}

type AmountChange = Extract<Relaxation, { kind: 'change_amount' }>;

function amountChange({ group }: ScreenedGroup, resourceClass: string, to: number): AmountChange {
  const from = group.resources.find((demand) => demand.resourceClass === resourceClass)?.amount ?? 0;
  return { kind: 'change_amount', suffix: group.suffix, resourceClass, from, to };
}

/** Share that is given up; asking for more comes after asking for less. */
function loss({ from, to }: AmountChange): number {
  return to <= from ? (from - to) / from : to / from;
}

function choiceOf(group: ScreenedGroup, resourceClass: string): Screened {
  const asks = ({ resources }: Screened) => resources.some((demand) => demand.resourceClass === resourceClass);
  const choice = group.choices.find(asks);
  if (choice === undefined) throw new Error(`nothing asks for ${resourceClass}`);
  return choice;
}
