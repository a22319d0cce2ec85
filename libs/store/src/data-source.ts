import { fileURLToPath } from 'node:url';
import type { ClientBase } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AggregateEntity, ProviderAggregateEntity } from './aggregate/aggregate.entity.js';
import { AllocationEntity } from './allocation/allocation.entity.js';
import {
  ChangeMarkEntity,
  ConsumerChangeEntity,
  SupplyChangeEntity,
  SupplyChangesFloorEntity,
} from './change/change.entity.js';
import { ConsumerTypeEntity, ProjectEntity, UserEntity } from './consumer/consumer-names.entity.js';
import { ConsumerEntity } from './consumer/consumer.entity.js';
import type { DatabaseAddress, WayOptions } from './database-address.js';
import { InventoryEntity } from './inventory/inventory.entity.js';
import { LockPoolEntity, LockPoolRequestEntity } from './lock-pool/lock-pool.entity.js';
import { ProviderEntity } from './provider/provider.entity.js';
import { ResourceClassEntity } from './resource-class/resource-class.entity.js';
import { SlotFreeEntity, SlotLockEntity, SlotPoolEntity } from './slot-lock/slot-lock.entity.js';
import { ClusterLockEntity, ClusterLockOwnerEntity } from './cluster-lock/cluster-lock.entity.js';
import {
  ClusterLockRequestEntity,
  ClusterLockSessionEntity,
  ClusterLockWantEntity,
} from './cluster-lock/lock-request.entity.js';
import { ClusterLockHandleEntity, LockspaceEntity } from './cluster-lock/lockspace.entity.js';
import { ProviderTraitEntity, TraitEntity } from './trait/trait.entity.js';
import { TransferEntity, TransferMarkEntity } from './transfer/transfer.entity.js';

/** Connections a process holds at most; PostgreSQL's default of 100 leaves room for several processes. */
const POOL_SIZE = 20;

/** How long a request waits for a connection before it is told that the database isn't there: ms. */
export const CONNECT_LIMIT_MS = 5_000;

/**
 * A transaction is never idle on purpose. One that is for so long belongs to a process that is stopped or cut off, and
 * its row locks hold up everybody else; and it must be over before its commit is given up as "not known": ms.
 */
const IDLE_IN_TRANSACTION_LIMIT_MS = 10_000;

/** What a statement of a request may take, waiting for row locks included: the server ends it, the connection stays: ms. */
const STATEMENT_LIMIT_MS = 10_000;

/**
 * Who hasn't answered by then says nothing more: the connection is given up. Later than the server would have ended the
 * statement by itself, so that a busy database is not taken for one that is gone: ms.
 */
export const ANSWER_LIMIT_MS = 15_000;

/**
 * A machine that vanished says nothing, not even that it is gone. The network asks an idle connection after so long, and
 * gives it up some ten seconds later: ms.
 */
export const STAY_IN_TOUCH = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 } as const;

/** The options of every connection to the database; `databaseUrl` as node-postgres takes it. */
export function dataSourceOptions(databaseUrl: string, poolSize = POOL_SIZE): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    entities: [
      AggregateEntity,
      AllocationEntity,
      ChangeMarkEntity,
      ConsumerChangeEntity,
      ConsumerEntity,
      ConsumerTypeEntity,
      InventoryEntity,
      ProjectEntity,
      ProviderAggregateEntity,
      ProviderEntity,
      ProviderTraitEntity,
      ResourceClassEntity,
      SlotFreeEntity,
      SlotLockEntity,
      SlotPoolEntity,
      SupplyChangeEntity,
      SupplyChangesFloorEntity,
      TraitEntity,
      UserEntity,
      ClusterLockEntity,
      ClusterLockHandleEntity,
      ClusterLockOwnerEntity,
      ClusterLockRequestEntity,
      ClusterLockSessionEntity,
      ClusterLockWantEntity,
      LockspaceEntity,
      LockPoolEntity,
      LockPoolRequestEntity,
      TransferEntity,
      TransferMarkEntity,
    ],
    migrations: [fileURLToPath(new URL('../../../migrations/*.js', import.meta.url))],
    migrationsTableName: 'berth_migrations',
    synchronize: false,
    // Neither is used, and finding out would cost a privilege or a round trip at start.
    installExtensions: false,
    applicationName: 'berth',
    poolSize,
    connectTimeoutMS: CONNECT_LIMIT_MS,
    extra: {
      ...STAY_IN_TOUCH,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_LIMIT_MS,
      // Statements that don't wait for one another's answers share a trip to the server.
      pipeline: true,
    },
  };
}

/**
 * The same for a service: no statement is waited for without end. Migrations and commands have no such limits. Parameters
 * of the URL (`statement_timeout`, `query_timeout`, …) come before these.
 */
export function servingOptions(address: DatabaseAddress): DataSourceOptions {
  const options = dataSourceOptions(address.url);
  const ways: WayOptions = { berthDirectUrl: address.directUrl };
  const limits = { query_timeout: ANSWER_LIMIT_MS, onConnect: refuseStandby };
  const extra = { ...(options.extra as object), ...ways, ...limits };
  if (address.isPooled !== true) {
    return { ...options, migrations: [], extra: { ...extra, statement_timeout: STATEMENT_LIMIT_MS } };
  }
  // Settings of a session, sent with its start, are refused by poolers: each transaction says its own.
  const { url, statementMs } = withoutStatementLimit(address.url);
  const shared: WayOptions = { berthSharedStatementMs: statementMs };
  const withoutSettings = { ...extra, ...shared, idle_in_transaction_session_timeout: undefined };
  return { ...(options as PostgresOptions), url, migrations: [], extra: withoutSettings };
}

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

function withoutStatementLimit(databaseUrl: string): { url: string; statementMs: number } {
  const url = new URL(databaseUrl);
  const given = Number(url.searchParams.get('statement_timeout') ?? STATEMENT_LIMIT_MS);
  for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout']) url.searchParams.delete(name);
  return { url: url.href, statementMs: Number.isInteger(given) && given >= 0 ? given : STATEMENT_LIMIT_MS };
}

/**
 * Asked of every new connection of the pool: what a standby answers is old, and it takes no writes. As `onConnect`, not as the
 * pool's `verify`: after that one a connection is lost to the pool for good if who waited for it has given up meanwhile.
 */
async function refuseStandby(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  if (rows[0]?.standby === true) throw new StandbyRefused();
}

class StandbyRefused extends Error {
  /** That of a server which refuses to write. */
  readonly code = '25006';

  constructor() {
    super('what was reached is a standby, not the primary');
  }
}

/** What a transaction on a shared session says at its beginning, in the place of settings of the session. */
export function sharedSettings(statementMs: number): string {
  return (
    `set local statement_timeout = ${statementMs}; ` +
    `set local idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_LIMIT_MS}`
  );
}

/** Opens a connection pool. The caller closes it with `destroy()`. */
export async function openDataSource(databaseUrl: string, poolSize?: number): Promise<DataSource> {
  return await new DataSource(dataSourceOptions(databaseUrl, poolSize)).initialize();
}
