import { Conflict, Invalid } from '#berth/domain';
import type { Transactions, TransferState, TransferStore, Tx } from '#berth/store';

/** Whom an import writes for: nobody else may have begun, and nobody serve what is not whole. */
export class TransferTarget {
  constructor(
    private readonly transactions: Transactions,
    private readonly transfers: TransferStore,
  ) {}

  /**
   * Throws Conflict if an import of the database was begun and is not finished: what it holds is a part of something, and whoever
   * serves it would give out what is taken.
   */
  async demandFinished(): Promise<void> {
    const state = await this.transactions.single('transfer.find', (tx) => this.transfers.find(tx));
    if (state === undefined) return;
    throw new Conflict(
      `an import of ${state.source} into this database is not finished: go on with berth import --resume`,
    );
  }

  /** Throws Conflict if `open` would, whatever it is given. */
  async demandOpen(kind: TransferState['kind'], resume: boolean): Promise<void> {
    await this.transactions.read('transfer.look', (tx) => this.look(tx, kind, resume));
  }

  /**
   * Begins the import of `source`, or goes on with it where `resume` is wanted, and answers how far it has come. `prepare` runs in the
   * transaction that begins it. Throws Conflict if the database is in use, or being served, or the import is of something else.
   */
  async open(
    wanted: Pick<TransferState, 'kind' | 'source'>,
    resume: boolean,
    prepare: (tx: Tx) => Promise<void>,
  ): Promise<TransferState> {
    return await this.transactions.run('transfer.begin', async (tx) => {
      const state = await this.look(tx, wanted.kind, resume);
      if (state === undefined) {
        await this.transfers.begin(tx, wanted.kind, wanted.source);
        await prepare(tx);
        return { ...wanted, records: 0, digest: '' };
      }
      if (state.source === wanted.source) return state;
      throw new Conflict(`the import that was begun is of ${state.source}, not of ${wanted.source}`);
    });
  }

  /**
   * Ends the import once `verify` finds nothing wrong; what it finds is thrown as Invalid, and the import stays unfinished.
   */
  async finish(verify: (tx: Tx) => Promise<readonly string[]>): Promise<void> {
    await this.transactions.run('transfer.finish', async (tx) => {
      await this.transfers.takeTime(tx);
      const wrong = [...(await verify(tx)), ...(await this.transfers.wrongCounters(tx))];
      if (wrong.length > 0) throw new Invalid(`what was imported is not what it should be: ${wrong.join('; ')}`);
      await this.transfers.markNames(tx);
      await this.transfers.end(tx);
      await this.transfers.analyze(tx);
    });
  }

  /** Notes how far the file is written, in the transaction that writes it. */
  async advance(tx: Tx, from: number, records: number, digest: string): Promise<void> {
    if (await this.transfers.advance(tx, from, records, digest)) return;
    throw new Conflict('another process goes on with the same import');
  }

  private async look(tx: Tx, kind: TransferState['kind'], resume: boolean): Promise<TransferState | undefined> {
    const state = await this.transfers.find(tx);
    if (state !== undefined && !resume) {
      throw new Conflict(`an import of ${state.source} was begun and not finished: go on with --resume`);
    }
    if (state !== undefined && state.kind !== kind) {
      throw new Conflict(`the import that was begun is of ${state.source}, of another kind`);
    }
    const services = await this.transfers.countServices(tx);
    if (services > 0) {
      throw new Conflict(`the database is in use by another Berth (${services} connections): stop the service first`);
    }
    if (state !== undefined) return state;
    const occupant = await this.transfers.findOccupant(tx);
    if (occupant !== undefined) throw new Conflict(`the database is not empty: there are ${occupant}`);
    return undefined;
  }
}
