import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { audit } from '../support/audit-command.js';
import { berth } from '../support/berth-command.js';
import type { Client } from '../support/http.js';
import { wrongSlots } from '../support/slots.js';
import { claim, consumerGeneration, generationOf, makeProvider, ok, usageOf } from './allocations-story.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

let story: Story;
let http: Client;
let sql: pg.Client;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-audit-'));
  story = await openStory();
  http = story.at(39);
  sql = new pg.Client({ connectionString: story.database.url });
  await sql.connect();
}, STORY_LIMIT_MS);

afterAll(async () => {
  await sql.end();
  await story.close();
  rmSync(folder, { recursive: true });
}, STORY_LIMIT_MS);

const run = (...args: readonly string[]): ReturnType<typeof audit> => audit(story.database.url, ...args);

/** What it finds, that it changes nothing, that it repairs it, and that nothing is left. */
async function findAndFix(args: readonly string[], expected: readonly string[], dump: string): Promise<void> {
  const before = (await sql.query(dump)).rows as unknown[];
  const dry = await run(...args);
  expect({ code: dry.code, found: dry.found }).toEqual({
    code: 2,
    found: expected.map((one) => `found ${one}`).sort(),
  });
  expect((await sql.query(dump)).rows).toEqual(before);
  const fixed = await run(...args, '--fix');
  expect({ code: fixed.code, found: fixed.found }).toEqual({
    code: 0,
    found: expected.map((one) => `repaired ${one}`).sort(),
  });
  const again = await run(...args);
  expect({ code: again.code, found: again.found }).toEqual({ code: 0, found: [] });
}

const candidates = async (amount: number): Promise<readonly object[]> =>
  (
    await ok(
      http.get<{ allocation_requests: readonly object[] }>(`/allocation_candidates?resources=CUSTOM_AUDITED:${amount}`),
    )
  ).allocation_requests;

const roots = async (uuid: string): Promise<readonly string[]> =>
  (
    await ok(
      http.get<{ resource_providers: readonly { readonly uuid: string }[] }>(`/resource_providers?in_tree=${uuid}`),
    )
  ).resource_providers
    .map((one) => one.uuid)
    .sort();

/** A provider below another one. */
async function makeChild(parent: string): Promise<string> {
  const uuid = randomUUID();
  await ok(http.post('/resource_providers', { name: uuid, uuid, parent_provider_uuid: parent }));
  return uuid;
}

const setTraits = async (uuid: string, traits: readonly string[]): Promise<unknown> =>
  ok(
    http.put(`/resource_providers/${uuid}/traits`, {
      resource_provider_generation: await generationOf(http, uuid),
      traits,
    }),
  );

describe('what is used and what is allocated', () => {
  it('differ, are told, and agree again, at once for a running server', async () => {
    await ok(http.put('/resource_classes/CUSTOM_AUDITED'), 201);
    const provider = await makeProvider(http, { CUSTOM_AUDITED: 10 });
    await claim(http, { [provider]: { CUSTOM_AUDITED: 4 } });
    await sql.query(
      `with wrong as (update inventories set used = used + 6
          where resource_provider_id = (select id from resource_providers where uuid = $1) returning resource_provider_id)
       insert into supply_changes (resource_provider_id, shape, uuid, generation)
       select resource_provider_id, false, $1, 0 from wrong`,
      [provider],
    );
    expect(await candidates(6)).toEqual([]);
    const generation = await generationOf(http, provider);
    await findAndFix(['--only', 'used-drift'], [`used-drift ${provider}`], 'select * from inventories order by 1, 2');
    expect(await candidates(6)).toHaveLength(1);
    expect(await usageOf(http, provider)).toEqual({ CUSTOM_AUDITED: 4 });
    expect(await generationOf(http, provider)).toBe(generation + 1);
  });
});

describe('slots', () => {
  it('that nobody holds by rights are freed, and the numbers beside them are set right', async () => {
    const provider = await makeProvider(http, { VCPU: 100 });
    const consumers: string[] = [];
    for (const name of ['lost', 'unmarked', 'fine']) {
      const consumer = randomUUID();
      const allocations = { [provider]: { resources: { VCPU: 1 }, generation: await generationOf(http, provider) } };
      const owner = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE', consumer_generation: null };
      const slotLocks = [name, { key: 'audited', limit: 5 }];
      await ok(story.berth.put(`/allocations/${consumer}`, { ...owner, allocations, slot_locks: slotLocks }), 204);
      consumers.push(consumer);
    }
    const [lost = '', unmarked = '', fine = ''] = consumers;
    await sql.query('delete from allocations where consumer_id = (select id from consumers where uuid = $1)', [lost]);
    await sql.query(`update inventories set used = 2 where used = 3`);
    await sql.query('update consumers set holds_slots = false where uuid = $1', [unmarked]);
    await sql.query(`update slot_pools set high = high + 7, held = held + 1 where key = 'audited'`);
    expect(await wrongSlots(sql)).not.toEqual([]);
    await findAndFix(
      ['--only', 'orphan-slots'],
      [`slots-without-allocations ${lost}`, `slot-mark-wrong ${unmarked}`, 'slot-count-wrong audited'],
      'select * from slot_locks order by 1',
    );
    expect(await wrongSlots(sql)).toEqual([]);
    expect(await consumerGeneration(http, lost)).toBeUndefined();
    expect(await consumerGeneration(http, fine)).toBe(1);
    const { rows } = await sql.query<{ uuid: string }>(
      `select uuid from slot_locks join consumers c on c.id = consumer_id where key = 'audited' order by uuid`,
    );
    expect(rows.map(({ uuid }) => uuid)).toEqual([unmarked, fine].sort());
  });
});

describe('rows that lead nowhere', () => {
  it('are removed, filed or added again, and notes stay notes', async () => {
    const [top, other] = [await makeProvider(http), await makeProvider(http)];
    const child = await makeChild(top);
    const shrunk = await makeProvider(http, { VCPU: 10 });
    await claim(http, { [shrunk]: { VCPU: 8 } });
    await sql.query(
      `with wrong as (update resource_providers set root_provider_id = (select id from resource_providers where uuid = $2)
          where uuid = $1 returning id, uuid)
       insert into supply_changes (resource_provider_id, shape, uuid, generation) select id, true, uuid, 0 from wrong`,
      [child, other],
    );
    const empty = randomUUID();
    await sql.query(
      `insert into consumers (uuid, project_id, user_id) select $1, min(p.id), min(u.id) from projects p, users u`,
      [empty],
    );
    await sql.query(`delete from traits where name = 'HW_CPU_X86_AVX2'`);
    await sql.query(
      'update inventories set total = 5 where resource_provider_id = (select id from resource_providers where uuid = $1)',
      [shrunk],
    );
    const before = (await sql.query('select uuid, root_provider_id from resource_providers order by 1')).rows;
    const wrong = [`consumer-empty ${empty}`, `root-wrong ${child}`, 'standard-trait-missing HW_CPU_X86_AVX2'];
    const notes = [`note over-capacity ${shrunk}`];
    const dry = await run('--only', 'orphans');
    expect({ code: dry.code, found: dry.found }).toEqual({
      code: 2,
      found: [...wrong.map((one) => `found ${one}`), ...notes].sort(),
    });
    expect((await sql.query('select uuid, root_provider_id from resource_providers order by 1')).rows).toEqual(before);
    const fixed = await run('--only', 'orphans', '--fix');
    expect({ code: fixed.code, found: fixed.found }).toEqual({
      code: 0,
      found: [...wrong.map((one) => `repaired ${one}`), ...notes].sort(),
    });
    expect(await run('--only', 'orphans')).toMatchObject({ code: 0, found: notes });
    expect(await roots(top)).toEqual([top, child].sort());
    expect(await roots(other)).toEqual([other]);
    await ok(http.get('/traits/HW_CPU_X86_AVX2'), 204);
    await setTraits(top, ['HW_CPU_X86_AVX2']);
  });
});

describe('trees that are gone', () => {
  it('are removed from the leaves upward, as far as nothing is held of them', async () => {
    await ok(http.put('/traits/CUSTOM_GONE'), 201);
    const [free, held, alive] = [await makeProvider(http), await makeProvider(http), await makeProvider(http)];
    const leaf = await makeChild(await makeChild(free));
    const [used, unused] = [await makeChild(held), await makeChild(held)];
    await ok(
      http.put(`/resource_providers/${used}/inventories`, {
        resource_provider_generation: 0,
        inventories: { VCPU: { total: 4 } },
      }),
    );
    await claim(http, { [used]: { VCPU: 1 } });
    await Promise.all([free, held].map((uuid) => setTraits(uuid, ['CUSTOM_GONE'])));
    const gone = await roots(free);
    const expected = (outcome: string): string[] =>
      [
        ...[...gone, unused].map((uuid) => `${outcome} gone-provider ${uuid}`),
        ...[held, used].map((uuid) => `blocked gone-provider-held ${uuid}`),
      ].sort();
    const dry = await run('--only', 'gone-trees');
    expect({ code: dry.code, found: dry.found }).toEqual({ code: 2, found: expected('found') });
    expect(await roots(free)).toHaveLength(3);
    const fixed = await run('--only', 'gone-trees', '--fix');
    expect({ code: fixed.code, found: fixed.found }).toEqual({ code: 2, found: expected('repaired') });
    for (const uuid of [...gone, leaf, unused])
      expect((await http.get(`/resource_providers/${uuid}`)).status).toBe(404);
    expect(await roots(held)).toEqual([held, used].sort());
    expect(await roots(alive)).toEqual([alive]);
  });

  it('may be named in a file instead', async () => {
    const [gone, alive] = [await makeProvider(http), await makeProvider(http)];
    const file = join(folder, 'gone');
    writeFileSync(file, `# taken down\n${gone}\n`);
    const fixed = await run('--only', 'gone-trees', '--gone-roots', file, '--fix');
    expect({ code: fixed.code, found: fixed.found }).toEqual({ code: 0, found: [`repaired gone-provider ${gone}`] });
    expect(await roots(alive)).toEqual([alive]);
  });
});

describe('consumers that nobody confirms', () => {
  const ONLY = ['--only', 'unconfirmed-consumers'];
  let provider: string;

  beforeAll(async () => {
    provider = await makeProvider(http, { VCPU: 100 });
  });

  const claimed = (type: string): Promise<string> => claimAs(type, 40);

  async function claimAs(type: string, daysAgo: number): Promise<string> {
    const consumer = randomUUID();
    const owner = { project_id: 'project', user_id: 'user', consumer_type: type, consumer_generation: null };
    const allocations = { [provider]: { resources: { VCPU: 1 } } };
    await ok(http.put(`/allocations/${consumer}`, { ...owner, allocations }), 204);
    await sql.query(
      `update consumers set created_at = now() - $2 * interval '1 day', updated_at = null where uuid = $1`,
      [consumer, daysAgo],
    );
    return consumer;
  }

  it('are not looked for unless they are asked for, with a criterion', async () => {
    await claimed('INSTANCE');
    const { code, found } = await run('--older-than', '30d', '--fix');
    expect(code).not.toBe(1);
    expect(found.filter((one) => one.includes('unconfirmed'))).toEqual([]);
    const none = await run(...ONLY, '--fix');
    expect(none.code).toBe(1);
    expect(none.output).toBe('Berth: unconfirmed-consumers: needs --older-than or --live-consumers\n');
    const type = await run('--type', 'INSTANCE');
    expect([type.code, type.output]).toEqual([
      1,
      'Berth: --live-consumers and --type are for --only unconfirmed-consumers\n',
    ]);
    await sql.query(`update consumers set created_at = now(), updated_at = now()`);
  });

  it('are those of a type that nobody has written for so long', async () => {
    const old = await claimed('AUDITED');
    await claimed('OTHER');
    const young = await claimAs('AUDITED', 20);
    const before = (await usageOf(http, provider)).VCPU ?? 0;
    await findAndFix(
      [...ONLY, '--older-than', '30d', '--type', 'AUDITED'],
      [`consumer-unconfirmed ${old}`],
      'select * from allocations order by 1, 2, 3',
    );
    expect((await usageOf(http, provider)).VCPU).toBe(before - 1);
    expect(await consumerGeneration(http, old)).toBeUndefined();
    expect(await consumerGeneration(http, young)).toBe(1);
    const { rows } = await sql.query('select generation, deleted from consumer_changes where uuid = $1 order by id', [
      old,
    ]);
    expect(rows.at(-1)).toEqual({ generation: 1, deleted: true });
  });

  it('are those that a list of the living does not name, if they were there when it was made', async () => {
    const [alive, dead] = [await claimed('LISTED'), await claimed('LISTED')];
    // Begun half an hour ago, when the list may have been under way.
    const recent = await claimAs('LISTED', 1 / 48);
    const file = join(folder, 'living');
    const args = [...ONLY, '--type', 'LISTED', '--live-consumers', file];
    writeFileSync(file, '');
    expect(await run(...args, '--fix')).toMatchObject({
      code: 1,
      output: `Berth: --live-consumers: ${file} names nobody\n`,
    });
    writeFileSync(file, `${alive}\nnobody\n`);
    expect(await run(...args, '--fix')).toMatchObject({
      code: 1,
      output: `Berth: ${file}: line 2 is not a uuid: 'nobody'\n`,
    });
    writeFileSync(file, `${alive.replaceAll('-', '').toUpperCase()}\n\n`);
    await findAndFix(args, [`consumer-unconfirmed ${dead}`], 'select * from allocations order by 1, 2, 3');
    expect(await consumerGeneration(http, recent)).toBe(1);
    const young = await claimed('LISTED');
    const old = new Date(Date.now() - 60 * 86_400_000);
    utimesSync(file, old, old);
    expect(await run(...args, '--fix')).toMatchObject({ code: 0, found: [] });
    expect(await consumerGeneration(http, young)).toBe(1);
  });
});

describe('berth audit', () => {
  it('shows tables to a person', async () => {
    const command = berth(['audit', '--only', 'used-drift,orphan-slots'], folder, { DATABASE_URL: story.database.url });
    expect(await command.ended).toBe(0);
    expect(command.output()).toMatch(/audit\s.*looked at.*found.*repaired/);
    expect(command.output()).toMatch(/used-drift +│ \d+/);
  });

  it('refuses what it does not know', async () => {
    expect((await run('--only', 'everything')).output).toMatch(/^Berth: --only: there is no audit 'everything'/);
    expect((await run('--grace', '5 minutes')).output).toMatch(/^Berth: --grace: '5 minutes', expected a time/);
  });
});
