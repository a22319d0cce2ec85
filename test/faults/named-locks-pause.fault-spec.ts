import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FifoLocks, NamedLocks } from '#berth/locks';
import { AdvisorySessions, openDataSource } from '#berth/store';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const ROOMS = new URL('../../dist/libs/', import.meta.url).href;

/** A process that works under the lock until it hears that the lock is lost. */
const HOLD = `
const { NamedLocks } = await import(process.env.ROOMS + 'locks/src/index.js');
const { AdvisorySessions, openDataSource } = await import(process.env.ROOMS + 'store/src/index.js');
const source = await openDataSource(process.env.URL, 1);
const locks = new NamedLocks(new AdvisorySessions(source));
const work = async (lost) => {
  console.log('held');
  if (!lost.aborted) await new Promise((resolve) => lost.addEventListener('abort', resolve));
};
const end = await locks.synchronized('paused', { external: true, waitMs: 30_000 }, work).catch((error) => error.name);
console.log(end);
await source.destroy();`;

let database: TestDatabase;
let holder: ChildProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  holder?.kill('SIGKILL');
  await database.drop();
});

it('a named lock whose holder is stopped goes to the next, and the holder learns it when it goes on', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD], {
    env: { ...process.env, NODE_OPTIONS: '', ROOMS, URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  holder = child;
  const said = async (): Promise<string> => ((await once(child.stdout, 'data')) as [Buffer])[0].toString().trim();
  expect(await said()).toBe('held');
  child.kill('SIGSTOP');
  const source = await openDataSource(database.url, 1);
  const locks = new NamedLocks(new AdvisorySessions(source), new FifoLocks());
  // The server ends sessions that say nothing for 30 s.
  const hold = await locks.acquire('paused', { external: true, waitMs: 60_000 });
  child.kill('SIGCONT');
  expect(await said()).toBe('LockLost');
  expect(await hold.release()).toBe(true);
  await source.destroy();
});
