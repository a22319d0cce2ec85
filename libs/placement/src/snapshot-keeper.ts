import { buildSnapshot, type Snapshot } from '#berth/candidates';
import { SupplyStore, Transactions } from '#berth/store';
import { Injectable } from '@nestjs/common';

/**
 * Gives searches a snapshot of the supply side that is as fresh as a read of the database: it was read after the
 * search asked. All who ask while a reading is under way share the next one.
 */
@Injectable()
export class SnapshotKeeper {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Snapshot> | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly supply: SupplyStore,
  ) {}

  /** A snapshot read after this call. Throws Unavailable when the database can't be reached. */
  current(): Promise<Snapshot> {
    this.next ??= this.after(this.running);
    return this.next;
  }

  private async after(running: Promise<unknown>): Promise<Snapshot> {
    await running.catch(() => undefined);
    const reading = this.read();
    this.running = reading;
    this.next = undefined;
    return await reading;
  }

  private async read(): Promise<Snapshot> {
    return buildSnapshot(await this.transactions.read('snapshot.read', (tx) => this.supply.load(tx)));
  }
}
