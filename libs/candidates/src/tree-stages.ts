import { EXAMPLES, type TreeCondition, type TreeStage } from './explanation.js';
import { EMPTY_SET, hasIndex } from './index-set.js';
import { SEVERAL } from './provider-stages.js';
import { bitOf, reachOf, SERVED } from './reach.js';
import { rootDrops, type Relaxation } from './relaxation.js';
import type { CandidatesRequest } from './request.js';
import type { Screened, ScreenedGroup } from './screening.js';
import { providerAt } from './snapshot-views.js';
import type { Snapshot } from './snapshot.js';

/** `lacking` of a tree where every group is served, and of one where several groups are not. */
const NO_GROUP = -1;
const SEVERAL_GROUPS = -2;

/**
 * Which trees have somebody for every choice, and what single thing keeps the others from it. Per root ordinal: the obstacle at the
 * root, the only group that is not served, and the bits that would serve all of its choices.
 */
export class TreeScan {
  readonly stages: TreeStage[] = [];
  /** Roots that pass everything so far, ascending. */
  readonly survivors: Int32Array;
  /** Per group: bits of the obstacles that alone stand between some tree and having somebody for every choice. */
  readonly helpful: Int32Array;
  /** Per group: whether some tree serves every other group. */
  readonly removable: boolean[];
  /** Conditions on roots that alone keep out a tree in which every choice is served. */
  readonly helpfulAtRoots: Relaxation[];
  private readonly rootObstacle: Uint16Array;
  private readonly lacking: Int16Array;
  private readonly mask: Int32Array;
  private remaining: number;

  constructor(
    private readonly snapshot: Snapshot,
    request: CandidatesRequest,
    groups: readonly ScreenedGroup[],
  ) {
    const count = snapshot.layout.roots.length;
    this.remaining = count;
    this.rootObstacle = new Uint16Array(count);
    this.lacking = new Int16Array(count).fill(NO_GROUP);
    this.mask = new Int32Array(count).fill(SERVED);
    this.helpful = new Int32Array(groups.length);
    this.removable = groups.map(() => false);
    const drops = rootDrops(request);
    drops.forEach((drop, at) => this.holdRoots(drop, at + 1));
    groups.forEach((group, at) => group.choices.forEach((choice) => this.holdChoice(group, choice, at)));
    this.helpfulAtRoots = this.gather(drops);
    this.survivors = this.listSurvivors();
  }

  /** Whether the tree has somebody for every choice, or would have if the obstacle of the group were taken away. */
  opensBy(root: number, group: number, obstacle: number): boolean {
    const ordinal = this.snapshot.layout.rootOrdinal[root] ?? 0;
    if (this.rootObstacle[ordinal] !== 0) return false;
    const lacking = this.lacking[ordinal];
    return lacking === NO_GROUP || (lacking === group && ((this.mask[ordinal] ?? 0) & bitOf(obstacle)) !== 0);
  }

  private holdRoots(drop: Relaxation, obstacle: number): void {
    if (drop.kind !== 'drop_root_required' && drop.kind !== 'drop_root_forbidden') return;
    const { roots } = this.snapshot.layout;
    const set = this.snapshot.traits.get(drop.trait) ?? EMPTY_SET;
    const wanted = drop.kind === 'drop_root_required';
    const removed: number[] = [];
    for (let ordinal = 0; ordinal < roots.length; ordinal++) {
      if (hasIndex(set, roots[ordinal] ?? 0) === wanted) continue;
      const before = this.rootObstacle[ordinal];
      if (before === 0) removed.push(ordinal);
      this.rootObstacle[ordinal] = before === 0 ? obstacle : SEVERAL;
    }
    this.close({ kind: wanted ? 'root_required' : 'root_forbidden', trait: drop.trait }, removed.length, removed);
  }

  private holdChoice(group: ScreenedGroup, choice: Screened, at: number): void {
    const { lacking, mask, rootObstacle } = this;
    const reach = reachOf(this.snapshot, group, choice);
    // Where this is all that the unsuffixed group lacks, it could do without the class.
    const [only] = choice.resources;
    const removal = group.granular || only === undefined ? 0 : bitOf(2 * group.choices.indexOf(choice) + 1);
    const removed: number[] = [];
    let count = 0;
    for (let ordinal = 0; ordinal < reach.length; ordinal++) {
      const bits = reach[ordinal] ?? 0;
      if (bits === SERVED) continue;
      const before = lacking[ordinal];
      if (before === NO_GROUP && rootObstacle[ordinal] === 0) {
        count++;
        if (removed.length < EXAMPLES) removed.push(ordinal);
      }
      lacking[ordinal] = before === NO_GROUP || before === at ? at : SEVERAL_GROUPS;
      mask[ordinal] = (mask[ordinal] ?? 0) & (bits | removal);
    }
    const resourceClasses = choice.resources.map(({ resourceClass }) => resourceClass);
    this.close({ kind: 'served', suffix: group.group.suffix, resourceClasses }, count, removed);
  }

  private gather(drops: readonly Relaxation[]): Relaxation[] {
    const { roots } = this.snapshot.layout;
    const atRoots = new Set<number>();
    for (let ordinal = 0; ordinal < roots.length; ordinal++) {
      const lacking = this.lacking[ordinal] ?? SEVERAL_GROUPS;
      const obstacle = this.rootObstacle[ordinal] ?? SEVERAL;
      if (lacking === NO_GROUP && obstacle === 0) continue;
      if (lacking === NO_GROUP) atRoots.add(obstacle);
      else if (lacking >= 0 && obstacle === 0) {
        this.helpful[lacking] = (this.helpful[lacking] ?? 0) | (this.mask[ordinal] ?? 0);
        this.removable[lacking] = true;
      }
    }
    return drops.filter((_, at) => atRoots.has(at + 1));
  }

  private listSurvivors(): Int32Array {
    const { roots } = this.snapshot.layout;
    const survivors = new Int32Array(this.remaining);
    let count = 0;
    for (let ordinal = 0; ordinal < roots.length; ordinal++) {
      if (this.lacking[ordinal] === NO_GROUP && this.rootObstacle[ordinal] === 0)
        survivors[count++] = roots[ordinal] ?? 0;
    }
    return survivors;
  }

  private close(condition: TreeCondition, removed: number, ordinals: readonly number[]): void {
    const examined = this.remaining;
    this.remaining -= removed;
    const { roots } = this.snapshot.layout;
    const examples = ordinals.slice(0, EXAMPLES).map((at) => providerAt(this.snapshot, roots[at] ?? 0).uuid);
    this.stages.push({ condition, examined, remaining: this.remaining, removed, examples });
  }
}
