import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How the database of this run reaches the workers: as environment, which they inherit. */
const READY = ['BERTH_TEST_ADMIN_URL', 'BERTH_TEST_TEMPLATE'] as const;

/** What global-teardown ends. Both files run in Jest's own process, but share no module. */
export interface TestDatabaseProcess {
  stop(): Promise<void>;
}

/**
 * Runs once before all tests of a Jest run, whatever number of projects asks for it, and starts the process that owns
 * their database. Jest loads this file outside its module system: no import of the project's code works here.
 */
// eslint-disable-next-line no-restricted-syntax -- Jest takes the default export of this file and nothing else.
export default async function setUp(
  globalConfig: { rootDir: string },
  projectConfig: { rootDir: string },
): Promise<void> {
  const shared = globalThis as { berthTestDatabase?: TestDatabaseProcess };
  if (shared.berthTestDatabase) return;
  const script = join(projectConfig.rootDir || globalConfig.rootDir, 'test', 'support', 'test-database.mjs');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([once(lines, 'line'), ended.then(() => undefined)]);
  if (line === undefined) throw new Error('the database for the tests did not start; was `npm run build` run?');
  const { adminUrl, template } = JSON.parse(String(line[0])) as { adminUrl: string; template: string };
  [process.env[READY[0]], process.env[READY[1]]] = [adminUrl, template];
  shared.berthTestDatabase = {
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
