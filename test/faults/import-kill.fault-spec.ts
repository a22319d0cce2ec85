import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { berth } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(300_000);

/** Some twenty chunks: a kill falls between two, or into one. */
const PROVIDERS = 8_000;
const CONSUMERS = 12_000;
const KILLS = 3;

const WORLD = `
insert into projects (external_id) values ('p');
insert into users (external_id) values ('u');
insert into resource_providers (id, uuid, name, generation, root_provider_id, parent_provider_id)
select g, gen_random_uuid(), 'host ' || g, g % 5, case when g % 3 = 0 then g - 1 else g end, case when g % 3 = 0 then g - 1 end
  from generate_series(1, ${PROVIDERS}) g;
insert into inventories (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size, allocation_ratio)
select g, c, 1000, 0, 1, 1000, 1, 1.5 from generate_series(1, ${PROVIDERS}) g, generate_series(0, 1) c;
insert into consumers (id, uuid, project_id, user_id, generation)
select g, gen_random_uuid(), p.id, u.id, 1 + g % 3 from generate_series(1, ${CONSUMERS}) g, projects p, users u;
insert into allocations (consumer_id, resource_provider_id, resource_class_id, used)
select g, 1 + g * 7 % ${PROVIDERS}, g % 2, 1 + g % 3 from generate_series(1, ${CONSUMERS}) g;
update inventories i set used = s.used
  from (select resource_provider_id, resource_class_id, sum(used) as used from allocations group by 1, 2) s
 where (i.resource_provider_id, i.resource_class_id) = (s.resource_provider_id, s.resource_class_id);`;

let directory: string;
let source: TestDatabase;
let target: TestDatabase;
let sql: pg.Client;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-import-'));
  [source, target] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const maker = new pg.Client({ connectionString: source.url });
  await maker.connect();
  await maker.query(WORLD);
  await maker.end();
  sql = new pg.Client({ connectionString: target.url });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await Promise.all([source.drop(), target.drop()]);
  rmSync(directory, { recursive: true, force: true });
});

async function run({ url }: TestDatabase, ...args: string[]): Promise<{ code: unknown; output: string }> {
  const command = berth(args, directory, { DATABASE_URL: url });
  return { code: await command.ended, output: command.output() };
}

async function written(): Promise<number> {
  const { rows } = await sql.query<{ records: number }>('select records::float8 as records from transfers');
  return rows[0]?.records ?? 0;
}

function records(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => !/^\{"(berth_export|checkpoint|end)"/.test(line));
}

describe('an import that is killed', () => {
  it('goes on behind the last chunk that was committed, and is the same in the end', async () => {
    const [before, after] = [join(directory, 'before.ndjson'), join(directory, 'after.ndjson')];
    expect((await run(source, 'export', '--out', before)).code).toBe(0);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const reached = await written();
      const command = berth(['import', '--resume', before], directory, { DATABASE_URL: target.url });
      const further = reached + 1_000 + Math.floor(Math.random() * 4_000);
      await waitFor(async () => (await written()) >= further, { limitMs: 90_000, what: `${further} records` });
      command.signal('SIGKILL');
      expect(await command.ended).toBe('SIGKILL');
      // The server may still be busy with what the killed one sent last.
      await waitFor(
        async () => {
          const { rows } = await sql.query<{ busy: number }>(
            `select count(*)::int as busy from pg_stat_activity where datname = current_database() and application_name = 'berth'`,
          );
          return rows[0]?.busy === 0;
        },
        { limitMs: 60_000, what: 'the sessions of the killed one' },
      );
    }
    expect(await run(target, 'import', '--resume', before)).toEqual({
      code: 0,
      output: expect.stringContaining(`imported and verified`),
    });
    expect((await run(target, 'export', '--out', after)).code).toBe(0);
    expect(records(after)).toEqual(records(before));
    expect(records(before).length).toBeGreaterThan(PROVIDERS + CONSUMERS);
    // Readers that were there before, and those who follow the changes, are told of each.
    const { rows } = await sql.query(
      `select (select count(distinct uuid)::int from supply_changes where uuid is not null) as providers,
              (select count(distinct uuid)::int from consumer_changes) as consumers, (select count(*)::int from transfers) as open`,
    );
    expect(rows).toEqual([{ providers: PROVIDERS, consumers: CONSUMERS, open: 0 }]);
  });
});
