import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdvisorySessions } from './advisory-session.js';
import { ConsumerAuditStore } from './audit/consumer-audit.store.js';
import { InventoryAuditStore } from './audit/inventory-audit.store.js';
import { LeaseAuditStore } from './audit/lease-audit.store.js';
import { ProviderAuditStore } from './audit/provider-audit.store.js';
import { RowEstimateStore } from './audit/row-estimate.store.js';
import { SlotAuditStore } from './audit/slot-audit.store.js';
import { UnusedLockStore } from './cluster-lock/unused-lock.store.js';
import { AggregateStore } from './aggregate/aggregate.store.js';
import { AllocationStore } from './allocation/allocation.store.js';
import { ChangeLogStore, LogSession } from './change/change-log.store.js';
import { ChangeSession } from './change/change-session.js';
import { ChangeStore } from './change/change.store.js';
import { ClusterLockStore } from './cluster-lock/cluster-lock.store.js';
import { LockspaceStore } from './cluster-lock/lockspace.store.js';
import { ConsumerStore } from './consumer/consumer.store.js';
import { OwnerNames } from './consumer/owner-names.js';
import { servingOptions } from './data-source.js';
import type { DatabaseAddress } from './database-address.js';
import { GenerationService } from './generation/generation.service.js';
import { InventoryStore } from './inventory/inventory.store.js';
import { LedgerStore } from './ledger/ledger.store.js';
import { LockPoolStore } from './lock-pool/lock-pool.store.js';
import { Notices } from './notice/notices.js';
import { ProviderTreeStore } from './provider/provider-tree.store.js';
import { ProviderStore } from './provider/provider.store.js';
import { ResourceClassStore } from './resource-class/resource-class.store.js';
import { SlotLockStore } from './slot-lock/slot-lock.store.js';
import { ServiceStore } from './service/service.store.js';
import { TraitStore } from './trait/trait.store.js';
import { Transactions } from './transaction.js';
import { CopyStore } from './transfer/copy.store.js';
import { TransferStore } from './transfer/transfer.store.js';
import { UsageStore } from './usage/usage.store.js';

const STORES = [
  AggregateStore,
  AllocationStore,
  ChangeLogStore,
  ChangeSession,
  ChangeStore,
  ConsumerStore,
  GenerationService,
  InventoryStore,
  LedgerStore,
  LogSession,
  Notices,
  OwnerNames,
  ProviderStore,
  ProviderTreeStore,
  ResourceClassStore,
  SlotLockStore,
  TraitStore,
  Transactions,
  UsageStore,
  ClusterLockStore,
  LockspaceStore,
  AdvisorySessions,
  LockPoolStore,
  ServiceStore,
  UnusedLockStore,
  ConsumerAuditStore,
  InventoryAuditStore,
  LeaseAuditStore,
  ProviderAuditStore,
  RowEstimateStore,
  SlotAuditStore,
  TransferStore,
  CopyStore,
];

/** The stores, on one connection pool to the database. The schema must be there already. */
@Module({})
export class StoreModule {
  static forRoot(address: DatabaseAddress): DynamicModule {
    return {
      module: StoreModule,
      global: true,
      imports: [TypeOrmModule.forRoot({ ...servingOptions(address), retryAttempts: 0 })],
      providers: STORES,
      exports: STORES,
    };
  }
}
