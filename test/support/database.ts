import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** `create database … template` wants the template for itself: while another test clones it, we wait. */
const OBJECT_IN_USE = '55006';
const CLONE_LIMIT_MS = 90_000;
const CLONE_RETRY_MS = 50;

/** A database of the test's own: migrated, with the standard names, otherwise empty. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `berth_test_${process.pid}_${randomBytes(5).toString('hex')}`;
  const template = fromSetup('BERTH_TEST_TEMPLATE');
  const deadline = Date.now() + CLONE_LIMIT_MS;
  for (;;) {
    const failure = await asAdmin(`create database ${name} template ${template}`).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) break;
    const busy = failure instanceof pg.DatabaseError && failure.code === OBJECT_IN_USE;
    if (!busy || Date.now() > deadline) throw failure;
    await sleep(CLONE_RETRY_MS);
  }
  const url = new URL(fromSetup('BERTH_TEST_ADMIN_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asAdmin(`drop database if exists ${name} with (force)`) };
}

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: fromSetup('BERTH_TEST_ADMIN_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function fromSetup(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this test runs in a Jest project with a global setup`);
  return value;
}
