/**
 * Every table, every SQL statement, the transaction, and what an SQLSTATE means. Nothing above this room
 * knows that the database has columns.
 */
export { AdvisorySessions, type AdvisoryHold } from './advisory-session.js';
export { AggregateStore } from './aggregate/aggregate.store.js';
export { AllocationStore, type ConsumerAllocations } from './allocation/allocation.store.js';
export type { HeldByConsumer, ProviderAllocations } from './allocation/provider-allocations.js';
export { ChangeSession } from './change/change-session.js';
export { ChangeLogStore, LogSession, type Lines, type LogWindow } from './change/change-log.store.js';
export { ChangeStore, type Changes } from './change/change.store.js';
export { isBehind, type Reading, type ReadingPoint } from './change/reading-point.js';
export { ConsumerStore, type ConsumerFilter } from './consumer/consumer.store.js';
export { ProviderTreeStore } from './provider/provider-tree.store.js';
export { OwnerNames } from './consumer/owner-names.js';
export { openDataSource } from './data-source.js';
export type { DatabaseAddress } from './database-address.js';
export { listStaleFences } from './fence/fence.store.js';
export { outsideFences, presentFence, underFence } from './fence/present-fence.js';
export { GenerationService, type Bump } from './generation/generation.service.js';
export { InventoryStore } from './inventory/inventory.store.js';
export { LedgerStore, type LedgerNames } from './ledger/ledger.store.js';
export { LockPoolStore, type LockedPool, type PoolSummary, type StoredRequest } from './lock-pool/lock-pool.store.js';
export { LostRace } from './lost-race.js';
export { asOwner, grantServing, ServingRoleError } from './serving-role.js';
export { demandMigrated, migrate, verifySchema } from './migrate.js';
export { Notices, type Notice, type NoticeListener } from './notice/notices.js';
export { noProvider, ProviderStore, type Provider } from './provider/provider.store.js';
export { ResourceClassStore, type ResourceClass } from './resource-class/resource-class.store.js';
export { SlotLockStore, type SlotLock, type SlotLockFilter } from './slot-lock/slot-lock.store.js';
export { ClusterLockStore, type AskedLock, type LockReading } from './cluster-lock/cluster-lock.store.js';
export {
  LockspaceStore,
  noLockspace,
  type Handle,
  type HandleState,
  type Lockspace,
  type LockView,
  type WaitingView,
} from './cluster-lock/lockspace.store.js';
export type { Tx } from './sql.js';
export { StoreModule } from './store.module.js';
export { TraitStore, type Trait, type TraitsFilter } from './trait/trait.store.js';
export { Transactions } from './transaction.js';
export { ConsumerAuditStore, type FoundConsumer, type OddConsumers } from './audit/consumer-audit.store.js';
export { InventoryAuditStore, type InventoryPlace, type OddInventory } from './audit/inventory-audit.store.js';
export {
  LeaseAuditStore,
  type DeadRequest,
  type OverdueHold,
  type OverdueKey,
  type OverduePermit,
} from './audit/lease-audit.store.js';
export type { Portion } from './audit/portion.js';
export { ProviderAuditStore, type Misfiled, type Root } from './audit/provider-audit.store.js';
export { RowEstimateStore } from './audit/row-estimate.store.js';
export { SlotAuditStore, type WrongPool } from './audit/slot-audit.store.js';
export { UnusedLockStore, type UnusedPage } from './cluster-lock/unused-lock.store.js';
export { UsageStore, type TypedUsage, type UsageOwner, type UsageTotal } from './usage/usage.store.js';
export { ServiceStore, type LockUsage, type PoolReading } from './service/service.store.js';
export { Spread, type SpreadReading } from './spread.js';
export type { LostCommits, TransactionCounts } from './transaction-measures.js';
export { placeInWork, useWatcher, watched, watchedNow, type Step, type Watcher } from './watcher.js';
export {
  RECORD_KINDS,
  TransferStore,
  type RecordKindName,
  type SequenceValues,
  type TransferRecord,
  type TransferState,
  type TransferTotals,
} from './transfer/transfer.store.js';
export {
  CopyStore,
  type CopiedConsumer,
  type CopiedHold,
  type CopiedPlace,
  type CopiedProvider,
  type CopiedSupply,
} from './transfer/copy.store.js';
