import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditName, Finding, Repair } from '#berth/domain';
import { AuditModule, AuditsService } from '#berth/placement';
import { StoreModule } from '#berth/store';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import {
  claim,
  claimBody,
  consumerGeneration,
  generationOf,
  makeProvider,
  ok,
  usageOf,
} from '../e2e/allocations-story.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Client, Reply } from '../support/http.js';
import { WAITING } from '../support/lock-waits.js';
import { waitFor } from '../support/wait-for.js';
import { startTwoProcesses, type TwoProcesses } from './two-processes.js';

/** Below what a statement may wait for a row lock. */
const LIMIT_MS = 9_000;

let database: TestDatabase;
let processes: TwoProcesses;
let holder: pg.Client;
let watcher: pg.Client;
let http: Client;
let app: INestApplicationContext;

beforeAll(async () => {
  database = await createTestDatabase();
  processes = await startTwoProcesses(database.url);
  http = processes.at(0);
  [holder, watcher] = [1, 2].map(() => new pg.Client({ connectionString: database.url })) as [pg.Client, pg.Client];
  await Promise.all([holder.connect(), watcher.connect()]);
  app = await NestFactory.createApplicationContext(
    { module: class Auditor {}, imports: [StoreModule.forRoot({ url: database.url }), AuditModule] },
    { logger: false, abortOnError: false },
  );
});

afterAll(async () => {
  await app.close();
  await Promise.all([holder.end(), watcher.end()]);
  expect(new Set(await processes.stop())).toEqual(new Set([0]));
  await database.drop();
});

async function waiting(count: number): Promise<void> {
  await waitFor(async () => (await watcher.query<{ waiting: number }>(WAITING)).rows[0]?.waiting === count, {
    limitMs: LIMIT_MS,
    what: `${count} that wait for a lock`,
  });
}

/** What an audit in this process lists. */
async function listed(name: AuditName): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const criteria = {
    consumers: { unchangedForSeconds: 86_400, types: undefined, isLive: undefined },
    gone: { trait: 'CUSTOM_GONE' },
    leases: { graceSeconds: 60, unusedForSeconds: 60 },
  };
  for await (const page of app.get(AuditsService).look(name, criteria)) findings.push(...page.findings);
  return findings;
}

/** A client writes, and an audit that has listed before that what it found repairs it, both behind the same row lock. */
async function meet(
  lock: readonly [string, string],
  write: () => Promise<Reply>,
  [first, ...others]: readonly Finding[],
): Promise<{ readonly reply: Reply; readonly repairs: readonly (Repair | undefined)[] }> {
  await holder.query('begin');
  await holder.query(lock[0], [lock[1]]);
  try {
    const reply = write();
    await waiting(1);
    const repair = first?.repair?.();
    await waiting(2);
    await holder.query('rollback');
    const repairs = [await repair];
    for (const other of others) repairs.push(await other.repair?.());
    return { reply: await reply, repairs };
  } finally {
    await holder.query('rollback');
  }
}

const setTraits = (uuid: string, generation: number, traits: readonly string[]): Promise<Reply> =>
  http.put(`/resource_providers/${uuid}/traits`, { resource_provider_generation: generation, traits });

const lockConsumer = 'select 1 from consumers where uuid = $1 for update';

/** A consumer that looks abandoned. */
async function abandoned(provider: string): Promise<string> {
  const consumer = await claim(http, { [provider]: { VCPU: 2 } });
  await watcher.query(
    `update consumers set created_at = now() - interval '40 days', updated_at = null where uuid = $1`,
    [consumer],
  );
  return consumer;
}

describe('an audit that repairs what it listed a moment ago', () => {
  it('never takes the allocations of a consumer that was renewed meanwhile', async () => {
    const provider = await makeProvider(http, { VCPU: 100 });
    const consumer = await abandoned(provider);
    const { reply, repairs } = await meet(
      [lockConsumer, consumer],
      () => http.put(`/allocations/${consumer}`, claimBody({ [provider]: { VCPU: 3 } }, 1)),
      await listed('unconfirmed-consumers'),
    );
    expect([reply.status, repairs]).toEqual([204, ['changed']]);
    expect(await consumerGeneration(http, consumer)).toBe(2);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 3 });
  });

  it('never takes those of another consumer of the same uuid and generation', async () => {
    const provider = await makeProvider(http, { VCPU: 100 });
    const consumer = await abandoned(provider);
    const findings = await listed('unconfirmed-consumers');
    expect(findings.map(({ subject }) => subject)).toEqual([consumer]);
    // Claimed anew it has generation 1 once more.
    await ok(http.delete(`/allocations/${consumer}`), 204);
    await claim(http, { [provider]: { VCPU: 5 } }, null, consumer);
    expect(await Promise.all(findings.map(({ repair }) => repair?.()))).toEqual(['changed']);
    expect(await consumerGeneration(http, consumer)).toBe(1);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 5 });
  });

  it('never removes a provider of a tree whose mark was taken away meanwhile', async () => {
    await http.put('/traits/CUSTOM_GONE');
    const root = await makeProvider(http);
    const child = randomUUID();
    await ok(http.post('/resource_providers', { name: child, uuid: child, parent_provider_uuid: root }));
    await ok(setTraits(root, 0, ['CUSTOM_GONE']));
    const generation = await generationOf(http, root);
    const { reply, repairs } = await meet(
      ['select 1 from resource_providers where uuid = $1 for update', root],
      () => setTraits(root, generation, []),
      await listed('gone-trees'),
    );
    expect([reply.status, repairs]).toEqual([200, ['changed', 'changed']]);
    await ok(http.get(`/resource_providers/${child}`));
  });

  it('counts what is used under the lock that claims take', async () => {
    const provider = await makeProvider(http, { VCPU: 100 });
    await claim(http, { [provider]: { VCPU: 2 } });
    await watcher.query(
      'update inventories set used = 50 where resource_provider_id = (select id from resource_providers where uuid = $1)',
      [provider],
    );
    const { reply, repairs } = await meet(
      ['select 1 from resource_providers where uuid = $1 for update', provider],
      () => http.put(`/allocations/${randomUUID()}`, claimBody({ [provider]: { VCPU: 4 } })),
      (await listed('used-drift')).filter(({ subject }) => subject === provider),
    );
    expect([reply.status, repairs]).toEqual([204, ['repaired']]);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 6 });
  });
});
