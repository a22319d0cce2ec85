import type { AuditName } from '#berth/domain';
import { RowEstimateStore, Transactions } from '#berth/store';
import { Injectable } from '@nestjs/common';

/** How much an audit has to go through. */
@Injectable()
export class AuditExtent {
  constructor(
    private readonly transactions: Transactions,
    private readonly rows: RowEstimateStore,
  ) {}

  /** About so many rows, as far as the database knows without counting; 0: nobody knows. */
  estimate(name: AuditName): Promise<number> {
    return this.transactions.single('audit.extent', (tx) => this.rows.rowsOf(tx, name));
  }
}
