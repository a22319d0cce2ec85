import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';

const LIMIT_MS = 180_000;
const MEMBERS = 50;
const TABLES = [
  'resource_providers',
  'inventories',
  'resource_provider_traits',
  'resource_provider_aggregates',
  'supply_changes',
];

/**
 * Every statement that writes one of the tables counts; the one whose number is in `fault_at` fails. Numbers come from a
 * sequence: what is drawn from it stays drawn when the transaction is undone.
 */
const FAULTS = `
  create sequence fault_steps;
  create table fault_at (step bigint not null, way text not null);
  create function fault() returns trigger language plpgsql as $$
  declare chosen record;
  begin
    select * into chosen from fault_at;
    if found and nextval('fault_steps') = chosen.step then
      if chosen.way = 'cut' then perform pg_terminate_backend(pg_backend_pid()); end if;
      raise exception 'fault at step %', chosen.step using errcode = 'XX000';
    end if;
    return null;
  end $$;
  ${TABLES.map((table) => `create trigger fault before insert or update or delete on ${table} for each statement execute function fault();`).join('\n')}`;

let database: TestDatabase;
let sql: pg.Client;
let server: RunningServer;
let berth: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await sql.query(FAULTS);
  server = await startServer({ databaseUrl: database.url });
  berth = client(server.url, { headers: { 'openstack-api-version': 'berth 1.0' } });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await sql.end();
  await database.drop();
}, LIMIT_MS);

interface Shown {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_provider_uuid: string | null;
}

const root = randomUUID();

/** A root, seven branches, and leaves on them. */
function firstTree(): object[] {
  const branches = Array.from({ length: 7 }, () => randomUUID());
  return [
    { uuid: root, name: 'root', parent_provider_uuid: null, generation: null, inventories: { DISK_GB: { total: 10 } } },
    ...branches.map((uuid, at) => ({ uuid, name: `b${at}`, parent_provider_uuid: root, generation: null })),
    ...Array.from({ length: MEMBERS - 8 }, (_, at) => ({
      uuid: randomUUID(),
      name: `l${at}`,
      parent_provider_uuid: branches[at % 7],
      generation: null,
      inventories: { VCPU: { total: 4 }, MEMORY_MB: { total: 64 } },
      traits: ['HW_NUMA_ROOT'],
      aggregates: [randomUUID()],
    })),
  ];
}

/** Every kind of change: names, parents, all that hangs on providers, a new one; three are left out and pruned. */
function secondTree(standing: readonly Shown[]): object[] {
  const kept = standing.filter(({ name }) => !['l1', 'l2', 'l3'].includes(name));
  return [
    ...kept.map(({ uuid, name, generation, parent_provider_uuid }) => ({
      uuid,
      name: name.startsWith('l') ? `leaf ${name}` : name,
      parent_provider_uuid: name === 'l9' ? root : parent_provider_uuid,
      generation,
      ...(name.startsWith('l') && {
        inventories: { VCPU: { total: 8 }, DISK_GB: { total: 5 } },
        traits: ['HW_NUMA_ROOT', 'HW_CPU_X86_AVX2'],
        aggregates: [],
      }),
    })),
    { uuid: randomUUID(), name: 'new', parent_provider_uuid: root, generation: null, traits: ['COMPUTE_NODE'] },
  ];
}

/** All rows of all tables, down to the byte: a digest for each. */
async function everything(): Promise<string> {
  const digests = TABLES.map((table) => `(select md5(string_agg(t::text, chr(10) order by t::text)) from ${table} t)`);
  const { rows } = await sql.query<{ all: string }>(`select concat_ws(' ', ${digests.join(', ')}) as all`);
  return rows[0]?.all ?? '';
}

async function failAt(step: number, way: string): Promise<void> {
  await sql.query('delete from fault_at');
  await sql.query('alter sequence fault_steps restart');
  if (step > 0) await sql.query('insert into fault_at values ($1, $2)', [step, way]);
}

describe('an apply of a tree of 50 that fails at any step', () => {
  it(
    'leaves the old tree byte for byte, and the last one leaves the new tree whole',
    async () => {
      const made = await berth.put<{ resource_providers: Shown[] }>(`/provider_trees/${root}`, {
        providers: firstTree(),
      });
      expect(made.status).toBe(200);
      expect(made.body.resource_providers).toHaveLength(MEMBERS);
      const wanted = secondTree(made.body.resource_providers);
      const before = await everything();
      let step = 0;
      for (;;) {
        step += 1;
        const way = step % 10 === 0 ? 'cut' : 'raise';
        await failAt(step, way);
        const reply = await berth.put(`/provider_trees/${root}`, { providers: wanted, prune: true });
        if (reply.status === 200) break;
        expect({ step, status: reply.status }).toEqual({ step, status: way === 'cut' ? 503 : 500 });
        if ((await everything()) !== before) throw new Error(`step ${step} left something behind`);
      }
      // 42 - 3 leaves, each raised, renamed, and its inventories, traits and aggregates written: as many steps at the least.
      expect(step).toBeGreaterThan(150);
      await failAt(0, '');
      const after = await berth.put(`/provider_trees/${root}`, { providers: wanted, prune: true });
      expect(after.body).toMatchObject({ created: [], changed: [], removed: [] });
      const { rows } = await sql.query<{ name: string }>('select name from resource_providers order by name');
      expect(rows).toHaveLength(MEMBERS - 3 + 1);
      expect(rows.filter(({ name }) => name.startsWith('~'))).toEqual([]);
    },
    LIMIT_MS,
  );
});
