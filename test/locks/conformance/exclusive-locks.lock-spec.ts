import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LocksModule, LockPoolsService, LockspacesService, type ExclusiveLock } from '#berth/locks';
import { StoreModule } from '#berth/store';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { client } from '../../support/http.js';
import { startServer, type RunningServer } from '../../support/server.js';
import { waitFor } from '../../support/wait-for.js';
import { PLACE, SUBJECTS, type Stage, type Subject } from './subjects.js';

jest.setTimeout(180_000);

const LONG = { waitMs: 30_000 };
const NOT_AT_ALL = { waitMs: 0 };
const WORKERS = 12;

@Module({})
class Root {}

let database: TestDatabase;
let servers: RunningServer[];
let services: INestApplicationContext[];
let sql: pg.Client;
let stage: Stage;

beforeAll(async () => {
  database = await createTestDatabase();
  servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl: database.url })));
  services = await Promise.all(
    [1, 2].map(() => {
      const module = { module: Root, imports: [StoreModule.forRoot({ url: database.url }), LocksModule] };
      return NestFactory.createApplicationContext(module, { logger: false });
    }),
  );
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  await services[0]?.get(LockspacesService).put({ name: PLACE, leaseMs: 60_000, graceMs: 0 });
  await services[0]?.get(LockPoolsService).put(PLACE, 5);
  const headers = { 'openstack-api-version': 'berth 1.0' };
  stage = { services, servers: servers.map(({ url }) => client(url, { headers })), sql };
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
  await sql.end();
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
});

describe.each(Object.entries(SUBJECTS))('%s', (_name, make) => {
  let subject: Subject;
  let name: string;

  beforeEach(() => {
    subject = make(stage);
    name = randomUUID();
  });

  const door = (index: number): ExclusiveLock => subject.doors[index % subject.doors.length] as ExclusiveLock;
  const nothingIsLeft = (): Promise<boolean> =>
    waitFor(async () => (await subject.left()) === 0, { what: 'everything to be forgotten' });

  it('has one holder at a time, whatever way they come', async () => {
    let [inside, most, times] = [0, 0, 0];
    const work = async (index: number): Promise<void> => {
      const hold = await door(index).acquire(name, LONG);
      most = Math.max(most, (inside += 1));
      times += 1;
      await sleep(2);
      inside -= 1;
      expect(await hold.release()).toBe(true);
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, index) => work(index)));
    expect([most, times]).toEqual([1, WORKERS]);
    await nothingIsLeft();
  });

  it('goes to those who wait in their order', async () => {
    const first = await door(0).acquire(name, LONG);
    const served: number[] = [];
    const waiters: Promise<void>[] = [];
    for (let index = 0; index < 6; index += 1) {
      const way = subject.isOneLine ? index : 0;
      waiters.push(
        door(way)
          .acquire(name, LONG)
          .then(async (hold) => {
            served.push(index);
            await hold.release();
          }),
      );
      // The one before and this one and whoever holds it.
      const isInLine = async (): Promise<boolean> => !subject.countsWaiters || (await subject.left()) === index + 2;
      await waitFor(isInLine, { what: `waiter ${index} to stand in line` });
    }
    await first.release();
    await Promise.all(waiters);
    expect(served).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is refused to who does not wait, or not long enough, and these leave nothing behind', async () => {
    const held = await door(0).acquire(name, LONG);
    for (const waitMs of [0, 200]) {
      const from = performance.now();
      await expect(door(1).acquire(name, { waitMs })).rejects.toThrow();
      expect(performance.now() - from).toBeGreaterThanOrEqual(waitMs - 1);
    }
    expect(await held.release()).toBe(true);
    // Nobody who gave up has it now, or stands before us.
    const next = await door(1).acquire(name, NOT_AT_ALL);
    expect(await next.release()).toBe(true);
    await nothingIsLeft();
  });

  it('is released once, and a late release is told the truth and harms nobody', async () => {
    const old = await door(0).acquire(name, LONG);
    expect([await old.release(), await old.release()]).toEqual([true, false]);
    const present = await door(1).acquire(name, LONG);
    expect(await old.release()).toBe(false);
    await expect(door(0).acquire(name, NOT_AT_ALL)).rejects.toThrow();
    expect(await present.release()).toBe(true);
  });

  it('forgets names that nobody uses any more', async () => {
    for (let times = 0; times < 50; times += 1) {
      const hold = await door(times).acquire(`${name} ${times}`, LONG);
      expect(await hold.release()).toBe(true);
    }
    await nothingIsLeft();
  });

  it('is free after work under it that fails, if there is a way to work under it', async () => {
    const failure = new Error('the work went wrong');
    const work = subject.use?.(name, () => Promise.reject(failure));
    if (work !== undefined) await expect(work).rejects.toBe(failure);
    const hold = await door(1).acquire(name, NOT_AT_ALL);
    expect(await hold.release()).toBe(true);
  });

  it('comes free when its holder dies, if it can outlive it', async () => {
    await subject.die?.(name);
    const hold = await door(1).acquire(name, LONG);
    expect(await hold.release()).toBe(true);
    await nothingIsLeft();
  });
});
