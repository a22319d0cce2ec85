import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { berth } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

jest.setTimeout(120_000);

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function run(
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: unknown; output: string }> {
  const started = berth([command], tmpdir(), { DATABASE_URL: database.url, ...env });
  return { code: await started.ended, output: started.output() };
}

async function sql(statement: string): Promise<void> {
  const session = new pg.Client({ connectionString: database.url });
  await session.connect();
  await session.query(statement);
  await session.end();
}

describe('the commands for the schema', () => {
  it('find nothing to do in a migrated database', async () => {
    expect(await run('verify-schema')).toEqual({ code: 0, output: 'Berth: the schema is as expected\n' });
    expect(await run('migrate')).toEqual({ code: 0, output: 'Berth: the schema is up to date\n' });
  });

  it('put back a standard name that is missing, and say so', async () => {
    await sql(`delete from traits where name = 'HW_CPU_X86_AVX2'`);
    expect(await run('migrate')).toEqual({ code: 0, output: 'Berth: applied 1 standard traits\n' });
  });

  it('name what differs, and end with 1', async () => {
    await sql('alter table traits drop column name cascade');
    const { code, output } = await run('verify-schema');
    expect(code).toBe(1);
    expect(output).toMatch(/^Berth: the schema lacks: .*"name"/m);
    expect(output).toMatch(/^Berth: \d+ differences$/m);
  });

  it('say in one line why the database cannot be reached', async () => {
    const { code, output } = await run('migrate', { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/none' });
    expect(code).toBe(1);
    expect(output).toBe('Berth: the database cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n');
  });

  it('stop at a variable that does not exist', async () => {
    const { code, output } = await run('migrate', { BERTH_POLICE: 'open' });
    expect(code).toBe(1);
    expect(output).toMatch(/^Berth: BERTH_POLICE: there is no such variable; [^\n]*\n$/);
  });
});
