import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

const STORE = new URL('../../libs/store/src/', import.meta.url);

/** Every statement that a `*.sql.ts` of the store exports, also inside a record of statements. */
async function exportedStatements(): Promise<NamedStatement[]> {
  const files = readdirSync(STORE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, STORE).pathname) as Promise<object>));
  return modules.flatMap((module) => Object.values(module).flatMap(statementsIn));
}

function statementsIn(value: unknown): NamedStatement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('text' in value && 'name' in value) return [value as NamedStatement];
  return Object.values(value).flatMap(statementsIn);
}

describe('the statements of the store', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('are found, and each has a name of its own', async () => {
    const statements = await exportedStatements();
    expect(statements.length).toBeGreaterThan(50);
    expect(new Set(statements.map(({ name }) => name)).size).toBe(statements.length);
  });

  // What has no uuid in the log is not told to those who follow it.
  it('that write a line of the log of changes say whose it is', async () => {
    const writing = (await exportedStatements()).filter(({ text }) => text.includes('insert into supply_changes'));
    expect(writing.length).toBeGreaterThan(3);
    const silent = writing.filter(
      ({ text }) => !text.includes('insert into supply_changes (resource_provider_id, shape, uuid, generation'),
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('can be prepared against the migrated schema', async () => {
    for (const [index, { name, text }] of (await exportedStatements()).entries()) {
      // `lock table` is no statement that PREPARE takes; it names a table and nothing else.
      if (text.startsWith('lock table')) continue;
      const failure = await client.query(`prepare statement_${index} as ${text}`).then(
        () => undefined,
        (error: Error) => `${name}: ${error.message}`,
      );
      expect(failure).toBeUndefined();
    }
  });
});
