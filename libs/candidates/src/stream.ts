import { AnchorCursor } from './anchors.js';
import { candidateOf } from './candidate.js';
import { Combiner } from './combiner.js';
import { fittingRecord } from './inventory-table.js';
import type { Plan } from './plan.js';
import type { Candidate } from './request.js';
import type { Snapshot } from './snapshot.js';

/** Up to this many providers a look at all of a tree costs less than what it may save. */
const SMALL_TREE = 16;

/** How a stream goes through the anchors. */
export interface StreamOrder {
  /** One candidate per anchor in turn; otherwise one anchor after the other, which keeps a single one open. */
  readonly fair: boolean;
  /** Random order of anchors and, within each, of options. */
  readonly random: (() => number) | undefined;
}

/**
 * The candidates of a plan, each once, formed only when asked for. An anchor is opened when its turn comes, and in a fair stream stays open
 * only if it may have more.
 */
export class CandidateStream {
  private readonly anchors: AnchorCursor;
  private readonly seen = new Set<string>();
  /**
   * Sharing providers that were all an anchor had: another one with the same around it and nothing of its own has the same
   * candidates. Trees in the same aggregates share one list.
   */
  private readonly covered = new Set<Int32Array | undefined>();
  private readonly refusesAnchors: boolean;
  /** Undefined where an anchor has run dry since the last round. */
  private open: (Combiner | undefined)[] = [];
  private turn = 0;
  private anchorsLeft = true;
  private spare: Combiner | undefined;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly plan: Plan,
    private readonly order: StreamOrder,
  ) {
    this.anchors = new AnchorCursor(snapshot, plan, order.random);
    this.refusesAnchors = plan.groups.some(({ notMemberOf }) => notMemberOf.length > 0);
  }

  /** The next candidate, undefined after the last. */
  next(): Candidate | undefined {
    if (!this.order.fair && this.open.length > 0) {
      const candidate = this.continue();
      if (candidate !== undefined) return candidate;
    }
    return this.openNext() ?? this.continue();
  }

  /** First candidate of the next anchor that has one. */
  private openNext(): Candidate | undefined {
    while (this.anchorsLeft) {
      const anchor = this.anchors.next();
      if (anchor < 0) {
        this.anchorsLeft = false;
        break;
      }
      const around = this.snapshot.sharing.aroundRoot[this.snapshot.layout.rootOrdinal[anchor] ?? 0];
      const hasOnlyAround = !this.mayServeItself(anchor);
      if (hasOnlyAround && this.covered.has(around)) continue;
      const combiner = this.spare ?? new Combiner(this.snapshot, this.plan, this.order.random);
      this.spare = combiner;
      const isOpen = combiner.reset(anchor);
      // An anchor that is refused for its own aggregates says nothing of the next one.
      if (hasOnlyAround && (isOpen || !this.refusesAnchors)) this.covered.add(around);
      if (!isOpen || !this.step(combiner)) continue;
      const candidate = candidateOf(this.plan, combiner);
      if (combiner.mayHaveMore()) {
        this.open.push(combiner);
        this.spare = undefined;
      }
      return candidate;
    }
    return undefined;
  }

  /** Whether somebody in the anchor's tree may be an option of some slot. */
  private mayServeItself(anchor: number): boolean {
    const { inventory, layout } = this.snapshot;
    const end = layout.subtreeEnd[anchor] ?? anchor + 1;
    if (end - anchor > SMALL_TREE) return true;
    for (const { demands } of this.plan.slots) {
      const [demand] = demands;
      if (demand === undefined) return true;
      for (let provider = anchor; provider < end; provider++) {
        if (fittingRecord(inventory, provider, demand.resourceClass, demand.amount) >= 0) return true;
      }
    }
    return false;
  }

  /** Next candidate of the anchors that are open, in turn. */
  private continue(): Candidate | undefined {
    while (this.open.length > 0) {
      if (this.turn >= this.open.length) {
        this.open = this.open.filter((combiner) => combiner !== undefined);
        this.turn = 0;
        continue;
      }
      const combiner = this.open[this.turn];
      if (combiner !== undefined && this.step(combiner)) {
        const candidate = candidateOf(this.plan, combiner);
        if (this.order.fair) this.turn++;
        return candidate;
      }
      this.open[this.turn++] = undefined;
      this.spare ??= combiner;
    }
    return undefined;
  }

  private step(combiner: Combiner): boolean {
    while (combiner.next()) {
      if (!combiner.isAllShared()) return true;
      // Within one anchor no two choices give the same amounts and mappings, so the choice is the candidate's name.
      const name = combiner.chosen.join();
      if (this.seen.has(name)) continue;
      this.seen.add(name);
      return true;
    }
    return false;
  }
}
