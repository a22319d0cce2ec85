import pg from 'pg';
import { storedConsumerSql } from '../workload/stored-consumers.js';
import type { World } from '../world/world.js';
import { storeWorld } from './stored-world.js';

/** Three resource classes each: VCPU, MEMORY_MB, DISK_GB. */
const CLASSES_PER_CONSUMER = 3;

/** The databases of a run on a server of its own. */
export class BenchDatabase {
  private constructor(
    readonly url: string,
    private readonly adminUrl: string,
    private readonly name: string,
  ) {}

  /** Creates an empty one. */
  static async create(adminUrl: string, name: string): Promise<BenchDatabase> {
    await query(adminUrl, `create database ${name}`);
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    return new BenchDatabase(url.href, adminUrl, name);
  }

  /** `18.4`. */
  static async serverVersion(adminUrl: string): Promise<string> {
    const rows = await query(adminUrl, `select current_setting('server_version') as version`);
    return String(rows[0]?.['version']);
  }

  /** Writes a world into it, which must be migrated and hold no provider. The service must not run, see below. */
  async storeWorld(world: World): Promise<void> {
    await storeWorld(this.url, world);
  }

  /**
   * Writes about this many allocations, three each of a consumer, spread evenly over all hosts with three inventories, and
   * answers how many consumers that took. `used` of the inventories rises by the same. The service must not run: nothing
   * tells it of writes that are not its own.
   */
  async storeAllocations(tag: string, allocations: number): Promise<number> {
    const consumers = Math.ceil(allocations / CLASSES_PER_CONSUMER);
    await query(
      this.url,
      `begin`,
      `insert into projects (external_id) values ('bench-stored') on conflict do nothing`,
      `insert into users (external_id) values ('bench-stored') on conflict do nothing`,
      `insert into consumer_types (name) values ('INSTANCE') on conflict do nothing`,
      `insert into consumers (uuid, project_id, user_id, consumer_type_id, generation)
       select ${storedConsumerSql(tag, 'n')}, p.id, u.id, t.id, 1
         from generate_series(0, ${consumers - 1}) n, projects p, users u, consumer_types t
        where p.external_id = 'bench-stored' and u.external_id = 'bench-stored' and t.name = 'INSTANCE'`,
      `create temporary table hosts on commit drop as
       select resource_provider_id as id, row_number() over (order by resource_provider_id) - 1 as place
         from inventories where total < 2147483647 group by 1 having count(*) = ${CLASSES_PER_CONSUMER}`,
      `insert into allocations (consumer_id, resource_provider_id, resource_class_id, used)
       select c.id, i.resource_provider_id, i.resource_class_id, 1
         from generate_series(0, ${consumers - 1}) n
         join consumers c on c.uuid = ${storedConsumerSql(tag, 'n')}
         join hosts h on h.place = n % (select count(*) from hosts)
         join inventories i on i.resource_provider_id = h.id`,
      `update inventories i set used = i.used + added.sum
         from (select resource_provider_id, resource_class_id, sum(a.used) as sum
                 from allocations a join consumers c on c.id = a.consumer_id
                where c.uuid like '%-6c6c-4000-8000-${tag}' group by 1, 2) added
        where (i.resource_provider_id, i.resource_class_id) = (added.resource_provider_id, added.resource_class_id)`,
      `commit`,
      `vacuum analyze consumers, allocations, inventories`,
    );
    await this.assertUsed();
    return consumers;
  }

  /** Throws if `used` of an inventory is not the sum of its allocations: figures about such a database are worth nothing. */
  private async assertUsed(): Promise<void> {
    const [row] = await query(
      this.url,
      `select count(*)::int as wrong
         from inventories i
         left join (select resource_provider_id, resource_class_id, sum(used) as sum from allocations group by 1, 2) a
              using (resource_provider_id, resource_class_id)
        where i.used <> coalesce(a.sum, 0)`,
    );
    if (row?.['wrong'] !== 0)
      throw new Error(`used is not the sum of allocations in ${String(row?.['wrong'])} inventories`);
  }

  async drop(): Promise<void> {
    await query(this.adminUrl, `drop database if exists ${this.name} with (force)`);
  }
}

/** Runs the statements one after another on a connection of their own; answers the rows of the last one. */
async function query(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}
