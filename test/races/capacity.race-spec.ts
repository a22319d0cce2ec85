import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Client } from '../support/http.js';
import { startTwoProcesses, type TwoProcesses } from './two-processes.js';

/** As many as met in the field: more writers than connections, few enough providers that all of them are hot. */
const WRITERS = 64;
const PROVIDERS = 4;
const OPERATIONS = 20_000;
const TOTAL = 200;

interface Provider {
  readonly uuid: string;
}

/** What an answer may be: anything else, a 500 above all, is a failure of the service. */
const EXPECTED: Readonly<Record<string, readonly number[]>> = {
  claim: [204, 409],
  release: [204, 404],
  resize: [200, 409],
};

describe(`${WRITERS} writers on ${PROVIDERS} providers through two processes`, () => {
  let database: TestDatabase;
  let processes: TwoProcesses;
  let sql: pg.Client;
  const providers: Provider[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    processes = await startTwoProcesses(database.url);
    const http = processes.at(0);
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    for (let index = 0; index < PROVIDERS; index += 1) {
      const uuid = randomUUID();
      await http.post('/resource_providers', { name: `host ${index}`, uuid });
      const { status } = await http.put(`/resource_providers/${uuid}/inventories`, {
        resource_provider_generation: 0,
        inventories: { VCPU: { total: TOTAL }, MEMORY_MB: { total: TOTAL, allocation_ratio: 1.5 } },
      });
      expect(status).toBe(200);
      providers.push({ uuid });
    }
  });

  afterAll(async () => {
    await sql.end();
    expect(new Set(await processes.stop())).toEqual(new Set([0]));
    await database.drop();
  });

  it('never gives out more than there is, and never fails', async () => {
    const answers = new Map<string, number>();
    const count = (kind: string, status: number): void => {
      const key = `${kind} ${status}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
    };
    const perWriter = Math.ceil(OPERATIONS / WRITERS);
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer, perWriter, count));
    const over = watchCapacity(sql, writers);
    await Promise.all(writers);
    expect(await over).toEqual([]);

    for (const key of answers.keys()) {
      const [kind = '', status] = key.split(' ');
      expect({ [kind]: EXPECTED[kind]?.includes(Number(status)), key }).toEqual({ [kind]: true, key });
    }
    // Writers that all were refused, or never met, would prove nothing.
    expect(answers.get('claim 204') ?? 0).toBeGreaterThan(OPERATIONS / 10);
    expect(answers.get('claim 409') ?? 0).toBeGreaterThan(0);
    expect(await usedThatIsNotHeld(sql)).toEqual([]);
  }, 300_000);

  /** One writer's life: claims, replaces and drops what it holds, and now and then moves the size of a provider. */
  async function write(
    writer: number,
    operations: number,
    count: (kind: string, status: number) => void,
  ): Promise<void> {
    const http = processes.at(writer);
    const held = new Map<string, number>();
    for (let done = 0; done < operations; done += 1) {
      const dice = Math.random();
      if (dice < 0.02) count('resize', await resize(http));
      else if (dice < 0.35 && held.size > 0) {
        const consumer = pick([...held.keys()]);
        const { status } = await http.delete(`/allocations/${consumer}`);
        if (status === 204) held.delete(consumer);
        count('release', status);
      } else {
        const consumer = dice < 0.5 && held.size > 0 ? pick([...held.keys()]) : randomUUID();
        const generation = held.get(consumer);
        const { status } = await http.put(`/allocations/${consumer}`, claimBody(generation ?? null));
        if (status === 204) held.set(consumer, (generation ?? 0) + 1);
        count('claim', status);
      }
    }
  }

  function claimBody(generation: number | null): object {
    const chosen = [...providers].sort(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * 3));
    return {
      allocations: Object.fromEntries(
        chosen.map(({ uuid }) => [uuid, { resources: { VCPU: amount(), MEMORY_MB: amount() } }]),
      ),
      project_id: 'p',
      user_id: 'u',
      consumer_generation: generation,
      consumer_type: 'INSTANCE',
    };
  }

  /** Grows a class of a provider, under the generation that was read; late ones get their 409. */
  async function resize(http: Client): Promise<number> {
    const path = `/resource_providers/${pick(providers).uuid}/inventories/VCPU`;
    const { body } = await http.get<{ resource_provider_generation: number; total: number }>(path);
    // Never smaller: after that more may rightly be used than there is.
    const { status } = await http.put(path, {
      total: body.total + Math.floor(Math.random() * 3),
      resource_provider_generation: body.resource_provider_generation,
    });
    return status;
  }
});

/** Looks again and again, while the writers write, for a record of which more is used than there is. */
async function watchCapacity(sql: pg.Client, writers: readonly Promise<void>[]): Promise<unknown[]> {
  const watch = { done: false };
  void Promise.allSettled(writers).then(() => (watch.done = true));
  const found: unknown[] = [];
  while (!watch.done && found.length === 0) {
    const { rows } = await sql.query(
      'select * from inventories where used > (total - reserved) * allocation_ratio or used < 0',
    );
    found.push(...(rows as unknown[]));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return found;
}

/** Records whose counter differs from the sum of live allocations. */
async function usedThatIsNotHeld(sql: pg.Client): Promise<unknown[]> {
  const { rows } = await sql.query(
    `select i.*, coalesce(sum(a.used), 0) as held
       from inventories i left join allocations a using (resource_provider_id, resource_class_id)
      group by i.resource_provider_id, i.resource_class_id having i.used <> coalesce(sum(a.used), 0)`,
  );
  return rows;
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

function amount(): number {
  return 1 + Math.floor(Math.random() * 8);
}
