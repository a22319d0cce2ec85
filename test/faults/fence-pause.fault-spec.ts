import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client, type Client, type Reply } from '../support/http.js';
import { startServer, type RunningServer } from '../support/server.js';
import { HolderProcess } from './holder-process.js';

/** Of the long run: `FENCE_PAUSES=1000 npm run test:faults -- fence-pause`. */
const PAUSES = Number(process.env.FENCE_PAUSES ?? 16);
/** So many are paused at a time. */
const LANES = Math.min(8, PAUSES);

jest.setTimeout(240_000 + PAUSES * 5_000);

const LOCKSPACE = 'fenced';
const LEASE_MS = { from: 150, to: 300 };
/** A server that is paused within a transaction keeps others waiting: they are not let wait for ever. */
const SERVER_PAUSE_MS = 1_000;
const BERTH = { 'openstack-api-version': 'berth 1.0' };

/** Every total that was ever written, in the order in which it took effect: writes of one provider come one by one. */
const WRITTEN = `
  create table written (place bigint generated always as identity, provider integer, total integer);
  create function note_written() returns trigger language plpgsql as $$
  begin
    insert into written (provider, total) values (new.resource_provider_id, new.total);
    return null;
  end $$;
  create trigger note_written after insert or update on inventories for each row execute function note_written();`;

const GONE_BACK = `
  select * from (select provider, place, total, lag(total) over (partition by provider order by place) as before from written) w
   where total < before`;

/** A lock and what it protects. */
interface Lane {
  readonly name: string;
  readonly provider: string;
}

type Wrote = Reply<{ errors?: { reason: { code: string } }[] }>;

// Who is stopped is read from /proc.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux(`${PAUSES} pauses past the end of a lease`, () => {
  let database: TestDatabase;
  let servers: RunningServer[];
  let sql: pg.Client;
  let lanes: Lane[];
  /** Of the server that is paused, and of the one that is not. */
  let paused: Client;
  let rival: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
    [paused, rival] = servers.map(({ url }) => client(url, { headers: BERTH })) as [Client, Client];
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    await sql.query(WRITTEN);
    await rival.put(`/lockspaces/${LOCKSPACE}`, {});
    lanes = await Promise.all(
      Array.from({ length: LANES }, async (_, index) => {
        const provider = randomUUID();
        const made = await rival.post('/resource_providers', { name: `provider ${index}`, uuid: provider });
        expect(made.status).toBe(200);
        return { name: `lock-${index}`, provider };
      }),
    );
  });

  afterAll(async () => {
    await sql.end();
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  const leaseMs = (): number => LEASE_MS.from + Math.floor(Math.random() * (LEASE_MS.to - LEASE_MS.from));

  /** Acquires a lock exclusively, and answers the token. */
  async function acquire({ name }: Lane, owner: string, lease: number): Promise<number> {
    const wish = { owner, mode: 'exclusive', wait_ms: 30_000, lease_ms: lease };
    const { status, body } = await rival.put<{ token: number }>(`/lockspaces/${LOCKSPACE}/locks/${name}`, wish);
    expect([status, body]).toEqual([200, body]);
    return body.token;
  }

  async function write(http: Client, { name, provider }: Lane, token: number): Promise<Wrote> {
    const { body } = await rival.get<{ generation: number }>(`/resource_providers/${provider}`);
    return await http.put(`/resource_providers/${provider}/inventories`, {
      resource_provider_generation: body.generation,
      inventories: { VCPU: { total: token } },
      fence: { lockspace: LOCKSPACE, name, token },
    });
  }

  /** Takes the lock from who is paused, writes, and gives it back. */
  async function overtake(lane: Lane): Promise<void> {
    const token = await acquire(lane, 'rival', 30_000);
    // What a paused write did in the end may have raised the generation in between.
    let written = await write(rival, lane, token);
    for (let tries = 5; written.status === 409 && tries > 0; tries -= 1) written = await write(rival, lane, token);
    expect([written.status, written.body]).toEqual([200, written.body]);
    await rival.put(`/lockspaces/${LOCKSPACE}/locks/${lane.name}`, { owner: 'rival', mode: 'unlock', token });
  }

  it('of holders: each comes too late, and nothing of it is written', async () => {
    let left = PAUSES;
    const outcomes = await Promise.all(
      lanes.map(async (lane) => {
        const holder = new HolderProcess();
        const own: unknown[] = [];
        try {
          while (left > 0) {
            left -= 1;
            const order = { url: servers[1]?.url ?? '', lockspace: LOCKSPACE, ...lane, leaseMs: leaseMs() };
            await holder.hold(order);
            await overtake(lane);
            own.push(await holder.goOn());
          }
        } finally {
          await holder.end();
        }
        return own;
      }),
    );
    expect(outcomes.flat()).toHaveLength(PAUSES);
    expect(outcomes.flat().filter((one) => (one as { code?: string }).code !== 'berth.fence_stale')).toEqual([]);
    expect((await sql.query(GONE_BACK)).rows).toEqual([]);
  });

  it('of a server in the midst of their writes: each is in time, or not at all', async () => {
    const answers = new Map<string, number>();
    for (let done = 0; done < PAUSES; done += LANES) {
      const tokens = await Promise.all(lanes.map((lane) => acquire(lane, 'holder', leaseMs())));
      const writes = lanes.map((lane, index) => write(paused, lane, tokens[index] ?? 0));
      await sleep(Math.random() * 20);
      process.kill(servers[0]?.pid ?? 0, 'SIGSTOP');
      const overtaken = Promise.all(lanes.map(overtake));
      await Promise.race([overtaken, sleep(SERVER_PAUSE_MS)]);
      process.kill(servers[0]?.pid ?? 0, 'SIGCONT');
      await overtaken;
      for (const { status, body } of await Promise.all(writes)) {
        const answer = body.errors?.[0]?.reason.code ?? String(status);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    }
    expect((await sql.query(GONE_BACK)).rows).toEqual([]);
    const known = new Set(['200', 'berth.fence_stale', 'berth.provider_generation_stale']);
    expect([...answers].filter(([answer]) => !known.has(answer))).toEqual([]);
  });
});
