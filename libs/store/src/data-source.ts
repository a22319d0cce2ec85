import { fileURLToPath } from 'node:url';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AggregateEntity, ProviderAggregateEntity } from './aggregate/aggregate.entity.js';
import { AllocationEntity } from './allocation/allocation.entity.js';
import { SupplyChangeEntity, SupplyChangesFloorEntity } from './change/change.entity.js';
import { ConsumerTypeEntity, ProjectEntity, UserEntity } from './consumer/consumer-names.entity.js';
import { ConsumerEntity } from './consumer/consumer.entity.js';
import { InventoryEntity } from './inventory/inventory.entity.js';
import { ProviderEntity } from './provider/provider.entity.js';
import { ResourceClassEntity } from './resource-class/resource-class.entity.js';
import { ProviderTraitEntity, TraitEntity } from './trait/trait.entity.js';

/** Connections a process holds at most; PostgreSQL's default of 100 leaves room for several processes. */
const POOL_SIZE = 20;

/** How long a request waits for a connection before it is told that the database isn't there: ms. */
const CONNECT_LIMIT_MS = 5_000;

/** The options of every connection to the database; `databaseUrl` as node-postgres takes it. */
export function dataSourceOptions(databaseUrl: string, poolSize = POOL_SIZE): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    entities: [
      AggregateEntity,
      AllocationEntity,
      ConsumerEntity,
      ConsumerTypeEntity,
      InventoryEntity,
      ProjectEntity,
      ProviderAggregateEntity,
      ProviderEntity,
      ProviderTraitEntity,
      ResourceClassEntity,
      SupplyChangeEntity,
      SupplyChangesFloorEntity,
      TraitEntity,
      UserEntity,
    ],
    migrations: [fileURLToPath(new URL('../../../migrations/*.js', import.meta.url))],
    migrationsTableName: 'berth_migrations',
    synchronize: false,
    // Neither is used, and finding out would cost a privilege or a round trip at start.
    installExtensions: false,
    applicationName: 'berth',
    poolSize,
    connectTimeoutMS: CONNECT_LIMIT_MS,
    // Statements that don't wait for one another's answers share a trip to the server.
    extra: { statement_timeout: 0, idle_in_transaction_session_timeout: 60_000, pipeline: true },
  };
}

/** Opens a connection pool. The caller closes it with `destroy()`. */
export async function openDataSource(databaseUrl: string, poolSize?: number): Promise<DataSource> {
  return await new DataSource(dataSourceOptions(databaseUrl, poolSize)).initialize();
}
