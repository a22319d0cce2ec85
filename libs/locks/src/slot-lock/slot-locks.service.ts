import {
  applyAcquire,
  applyRelease,
  openOwners,
  settleOwners,
  SlotTaken,
  type AcquireSlots,
  type OwnedSlot,
  type OwnerLedger,
  type SlotOf,
} from '#berth/domain';
import { SlotLockStore, Transactions, type SlotLock, type SlotLockFilter, type Tx } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { attempt, Grouped, type Outcome } from '../grouped.js';

/** So many are released in one transaction: it holds the row lock of each key until its end. */
export const RELEASE_AT_ONCE = 500;

/** One owner's wish about some keys. */
interface OwnerRequest {
  readonly owner: string;
  readonly keys: readonly string[];
  readonly apply: (ledger: OwnerLedger) => readonly OwnedSlot[];
}

/** Slot locks that are held by an owner of their own, without a claim. Source: docs/locks/slot-locks.md. */
@Injectable()
export class SlotLocksService {
  readonly groups = new Grouped((requests: readonly OwnerRequest[]) => this.transact(requests));

  constructor(
    private readonly transactions: Transactions,
    private readonly slots: SlotLockStore,
  ) {}

  /**
   * Takes a slot of each key, all or none, and answers them. What the owner holds already it keeps, under the new lease: who
   * got no answer may ask again. Throws SlotTaken.
   */
  acquire(request: AcquireSlots): Promise<readonly OwnedSlot[]> {
    const keys = request.wanted.map(({ key }) => key);
    return this.groups.run({ owner: request.owner, keys, apply: (ledger) => applyAcquire(ledger, request) });
  }

  /** A page of at most `limit` locks, those behind `after` in order of key and slot. */
  list(filter: SlotLockFilter, after: SlotOf | undefined, limit: number): Promise<readonly SlotLock[]> {
    return this.transactions.single('slotLocks.list', (tx) => this.slots.list(tx, filter, after, limit));
  }

  /**
   * Gives back what the owner holds of these keys, or of all, and answers what it was: nothing if it held nothing. In several
   * transactions where it is much: what was given back stays given back, whatever becomes of the rest.
   */
  async release(owner: string, keys: readonly string[] | undefined): Promise<readonly OwnedSlot[]> {
    if (keys !== undefined) return await this.releaseKeys(owner, keys);
    const released: OwnedSlot[] = [];
    let after: SlotOf | undefined;
    for (;;) {
      const page = await this.list({ owner }, after, RELEASE_AT_ONCE);
      if (page.length > 0) {
        const held = await this.releaseKeys(
          owner,
          page.map(({ key }) => key),
        );
        released.push(...held);
      }
      after = page.at(-1);
      if (page.length < RELEASE_AT_ONCE) return released;
    }
  }

  private releaseKeys(owner: string, keys: readonly string[]): Promise<readonly OwnedSlot[]> {
    const named = new Set(keys);
    return this.groups.run({ owner, keys, apply: (ledger) => applyRelease(ledger, owner, named) });
  }

  private transact(requests: readonly OwnerRequest[]): Promise<readonly Outcome<readonly OwnedSlot[]>[]> {
    return this.transactions.runByKey('slotLocks.group', async (tx) => {
      const owners = new Set(requests.map(({ owner }) => owner));
      const read = await this.slots.readOwners(
        tx,
        owners,
        requests.flatMap(({ keys }) => keys),
      );
      const worked = openOwners(read);
      const decided = requests.map(({ apply }) => attempt(() => apply(worked), isTaken));
      const outcomes = await this.withHolders(tx, read, decided);
      await this.slots.writeOwners(tx, settleOwners(read, worked));
      return outcomes;
    });
  }

  /** Who was refused is told who holds what it wanted, as far as the ledger did not know. */
  private async withHolders<Result>(
    tx: Tx,
    read: OwnerLedger,
    outcomes: readonly Outcome<Result>[],
  ): Promise<readonly Outcome<Result>[]> {
    const refused = outcomes.flatMap((one) => (one.status === 'refused' ? one.error : []));
    if (refused.length === 0) return outcomes;
    const stored = await this.slots.holders(
      tx,
      refused.flatMap(({ taken }) => taken.map(({ key }) => key)),
    );
    const others = new Map(
      [...stored].map(([key, holders]) => [
        key,
        holders.filter((holder) => !('owner' in holder && read.owners.has(holder.owner))),
      ]),
    );
    return outcomes.map((one) =>
      one.status === 'refused' ? { ...one, error: one.error.withHolders(others, read.nowMs) } : one,
    );
  }
}

const isTaken = (error: unknown): error is SlotTaken => error instanceof SlotTaken;
