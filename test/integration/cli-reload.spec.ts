import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { berth, type Command } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';

const WORKERS = 2;
const SLOW = { limitMs: 100_000 };

let database: TestDatabase;
let directory: string;
let command: Command;
let port: number;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'berth-reload-')));
  port = await freePort();
});

afterAll(async () => {
  command.signal('SIGTERM');
  await command.ended;
  rmSync(directory, { recursive: true, force: true });
  await database.drop();
});

async function newToken(...roles: string[]): Promise<{ readonly token: string; readonly entry: string }> {
  const made = berth(['token', 'new', '--user', 'deploy', '--project', '42', '--roles', roles.join(',')], directory);
  expect(await made.ended).toBe(0);
  const [token] = /^berth_[\w-]{43}$/m.exec(made.output()) ?? [];
  const [entry] = / {2}- user: [^]+$/.exec(made.output()) ?? [];
  if (token === undefined || entry === undefined) throw new Error(made.output());
  return { token, entry };
}

function accept(...entries: readonly string[]): void {
  const path = join(directory, 'tokens.yaml');
  writeFileSync(path, `tokens:\n${entries.join('')}`);
  chmodSync(path, 0o600);
}

/** One answer of each worker, as far as they take turns. */
async function statuses(token: string): Promise<number[]> {
  const headers = { 'x-auth-token': token, connection: 'close' };
  const asked: number[] = [];
  for (let turn = 0; turn < 2 * WORKERS; turn += 1) {
    asked.push((await fetch(`http://127.0.0.1:${port}/resource_providers`, { headers })).status);
  }
  return [...new Set(asked)];
}

const reloads = (): number => command.output().match(/^(?=.*"msg":"reloaded").*"what":"tokens"/gm)?.length ?? 0;

describe('berth serve without a terminal', () => {
  it('passes SIGHUP on to every worker, also to those that are just starting, and goes on', async () => {
    const first = await newToken('admin');
    const second = await newToken('admin', 'service');
    accept(first.entry);
    command = berth(['serve'], directory, {
      PORT: `${port}`,
      DATABASE_URL: database.url,
      BERTH_WORKERS: `${WORKERS}`,
      BERTH_AUTH: 'token',
      BERTH_TOKENS_FILE: 'tokens.yaml',
    });
    // From its first lines on the signal must not end it, whether there is a worker by then or not.
    await command.says(/the schema is up to date/);
    command.signal('SIGHUP');
    await waitFor(() => command.output().match(/"msg":"listening"/g)?.length === WORKERS, { ...SLOW, what: 'workers' });
    expect(await statuses(first.token)).toEqual([200]);
    expect(await statuses(second.token)).toEqual([401]);

    accept(second.entry);
    const before = reloads();
    command.signal('SIGHUP');
    await waitFor(() => reloads() >= before + WORKERS, { ...SLOW, what: 'the reload of every worker' });
    expect(await statuses(second.token)).toEqual([200]);
    expect(await statuses(first.token)).toEqual([401]);
  });
});

describe('workers that cannot start', () => {
  it('are not started again and again', async () => {
    const env = { DATABASE_URL: database.url, BERTH_WORKERS: '2', BERTH_AUTH: 'token', PORT: `${await freePort()}` };
    const failing = berth(['serve'], directory, env);
    expect(await failing.ended).toBe(1);
    expect(failing.output().match(/BERTH_TOKENS_FILE: missing/g)?.length).toBeLessThanOrEqual(2);
    expect(failing.output()).toMatch(/Berth: the API ended by itself \((exit code 1|SIGTERM)\)\n$/);
  });
});
