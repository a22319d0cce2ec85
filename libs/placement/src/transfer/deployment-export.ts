import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { RECORD_KINDS, type Transactions, type TransferStore, type TransferTotals } from '#berth/store';
import { EXPORT_FORMAT, ExportWriter } from './export-format.js';
import type { TransferProgress } from './transfer-progress.js';

export interface ExportOptions {
  /** The version of Berth, for the header. */
  readonly berth: string;
  /** Takes the next lines; waited for. */
  readonly write: (lines: string) => Promise<void>;
  readonly progress: TransferProgress;
}

/** Writes all that a deployment holds as lines that an import takes: one state of the database, read in pages. */
export class DeploymentExport {
  constructor(
    private readonly transactions: Transactions,
    private readonly transfers: TransferStore,
  ) {}

  /**
   * Exports and answers how much there was. Holds one page in memory, and no row lock. Throws what `write` throws.
   */
  async run(options: ExportOptions): Promise<TransferTotals> {
    const at = new Date().toISOString();
    let written = false;
    return await this.transactions.read('export', async (tx) => {
      assert(!written, 'an export that has begun cannot be repeated into the same file');
      written = true;
      await this.transfers.takeTime(tx);
      const schema = await this.transfers.migrationName(tx);
      const totals = await this.transfers.totals(tx);
      const sequences = await this.transfers.sequences(tx);
      const writer = new ExportWriter();
      const header = { format: EXPORT_FORMAT, id: randomUUID(), berth: options.berth, schema, at, sequences, totals };
      await options.write(writer.header(header));
      for (const kind of RECORD_KINDS) {
        options.progress.begin(kind, totals.counts[kind] ?? 0);
        let done = 0;
        for await (const page of this.transfers.pages(tx, kind)) {
          await options.write(writer.page(kind, page));
          done += page.length;
          options.progress.reach(done);
        }
        options.progress.end();
      }
      await options.write(writer.end(totals));
      return totals;
    });
  }
}
