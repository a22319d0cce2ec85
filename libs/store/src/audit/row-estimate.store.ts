import type { AuditName } from '#berth/domain';
import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import { estimate } from './row-estimate.sql.js';

/** The tables that an audit walks through, each as often as it does. */
const WALKED: Readonly<Record<AuditName, readonly string[]>> = {
  'used-drift': ['inventories'],
  'orphan-slots': ['consumers', 'slot_pools', 'consumers'],
  'expired-leases': ['cluster_locks'],
  orphans: ['resource_providers', 'consumers', 'inventories'],
  'gone-trees': [],
  'unconfirmed-consumers': ['consumers'],
};

/** For progress bars: how much there is to go through, about. */
@Injectable()
export class RowEstimateStore {
  /** Rows that an audit will look at; 0 where nobody knows. */
  async rowsOf(tx: Tx, name: AuditName): Promise<number> {
    return (await run(tx, estimate, [WALKED[name]])).rows[0]?.rows ?? 0;
  }
}
