import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AllocationStore, type Tx } from '#berth/store';
import { openStore, type OpenStore } from '../support/open-store.js';

const CONSUMERS = 3_000;

/** More than the uses after which plans are made anew for the first few times. */
const USES = 20;

const uuidOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** One provider, and consumers that each hold something of it. */
const FILL = [
  `insert into projects (external_id) values ('project')`,
  `insert into users (external_id) values ('user')`,
  `insert into resource_providers (id, uuid, name, root_provider_id) values (1, '${uuidOf(0)}', 'provider', 1)`,
  `insert into inventories (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size, allocation_ratio)
   values (1, 0, 1000000, 0, 1, 1000000, 1, 1)`,
  `insert into consumers (uuid, project_id, user_id)
   select '00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), p.id, u.id
     from projects p, users u, generate_series(1, ${CONSUMERS}) n`,
  `insert into allocations (consumer_id, resource_provider_id, resource_class_id, used) select id, 1, 0, 1 from consumers`,
];

/** How many rows this connection has looked at lately, by way of indexes or by reading tables whole. */
async function lookedAt({ client }: Tx): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables
      where relname in ('consumers', 'allocations')`,
  );
  return rows[0]?.rows ?? 0;
}

describe('plans of statements', () => {
  const allocations = new AllocationStore();
  let store: OpenStore;

  beforeAll(async () => {
    // One connection: who is asked again has the plans of the time before.
    store = await openStore(1);
  });

  afterAll(() => store.close());

  /** What it takes to find what one consumer holds. */
  async function costOf(uuid: string): Promise<number> {
    return await store.transactions.runByKey('test', async (tx) => {
      const before = await lookedAt(tx);
      await allocations.findByConsumers(tx, [uuid]);
      return (await lookedAt(tx)) - before;
    });
  }

  it('made for empty tables are not kept when the tables have grown', async () => {
    // VACUUM makes it known that they are empty, so that one index is as good as another.
    await store.dataSource.query('vacuum analyze');
    expect(await costOf(uuidOf(1))).toBe(0);
    for (const statement of FILL) await store.dataSource.query(statement);
    const costs: number[] = [];
    for (let use = 1; use <= USES; use += 1) costs.push(await costOf(uuidOf(use)));
    // Were this small, the planner would have been right by itself, and the rest would show nothing.
    expect(costs[0]).toBeGreaterThan(CONSUMERS / 2);
    expect(costs.at(-1)).toBeLessThan(20);
  });
});
