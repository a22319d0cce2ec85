import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { berth, type Command } from '../support/berth-command.js';
import { freePort } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';

// Each test starts processes that start others; on a busy machine that takes its time.
jest.setTimeout(120_000);

let directory: string;
let port: number;
const commands: Command[] = [];

function serve(env: Readonly<Record<string, string>> = {}): Command {
  const command = berth(['serve'], directory, { PORT: `${port}`, ...env });
  commands.push(command);
  return command;
}

const statusOf = (path: string): Promise<number> =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-auth-token': 'admin', connection: 'close' } }).then(
    ({ status }) => status,
    () => 0,
  );
const listening = (): RegExp => new RegExp(`^Berth: listening on http://127.0.0.1:${port}$`, 'm');
const pidOfApi = async (command: Command): Promise<number> =>
  Number((await command.says(/"msg":"listening".*"pid":(\d+)/))[1]);
const databaseRuns = (): boolean => existsSync(join(directory, '.berth', 'postgres', 'data', 'postmaster.pid'));

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'berth-serve-')));
  // Else root's own temporary directory would be closed to the account that PostgreSQL runs as.
  chmodSync(directory, 0o755);
  port = await freePort();
});

afterEach(async () => {
  for (const command of commands.splice(0)) {
    command.signal('SIGTERM');
    await command.ended;
  }
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What the supervisor said: the service's own log comes when it comes. */
function said(command: Command): string {
  return command
    .output()
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n');
}

describe('berth serve without a database', () => {
  it('serves with one of its own, lets no second one in, and stops all of it on SIGTERM', async () => {
    const first = serve();
    await first.says(listening());
    expect(await statusOf('/')).toBe(200);
    expect(databaseRuns()).toBe(true);

    const second = serve();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Berth: another Berth (process ${first.pid}) is already running on ${directory}`);
    expect(await statusOf('/')).toBe(200);

    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(said(first)).toMatch(/Berth: stopping …\nBerth: PostgreSQL stopped\n$/);
    expect(databaseRuns()).toBe(false);
    expect(await statusOf('/')).toBe(0);
  });

  it('stops cleanly when told so before it listens', async () => {
    const command = serve();
    await command.says(/starting PostgreSQL/);
    command.signal('SIGINT');
    expect(await command.ended).toBe(0);
    expect(databaseRuns()).toBe(false);
    expect(command.output()).not.toMatch(listening());
  });

  it('goes on after it was killed: its API ends by itself, the next start takes the database over', async () => {
    const killed = serve();
    const api = await pidOfApi(killed);
    killed.signal('SIGKILL');
    const next = serve();
    await next.says(/took over the PostgreSQL that was still running/);
    await next.says(listening());
    await waitFor(() => !isAlive(api), { what: 'the end of the API without supervisor' });
    expect(await statusOf('/resource_providers')).toBe(200);
  });

  it('brings a database back that was killed, while it serves', async () => {
    const command = serve();
    await command.says(listening());
    expect(await statusOf('/resource_providers')).toBe(200);
    process.kill(postmaster(), 'SIGKILL');
    await command.says(/PostgreSQL is back/);
    await waitFor(async () => (await statusOf('/resource_providers')) === 200, { what: 'the answer to a read' });
  });

  it('ends with 1, and stops the database, when its API dies', async () => {
    const command = serve();
    await command.says(listening());
    process.kill(await pidOfApi(command), 'SIGKILL');
    expect(await command.ended).toBe(1);
    expect(said(command)).toContain('Berth: the API ended by itself (SIGKILL)\nBerth: PostgreSQL stopped\n');
    expect(databaseRuns()).toBe(false);
  });

  it('ends with 1 and one clear line when its port is taken', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    const command = serve();
    expect(await command.ended).toBe(1);
    expect(command.output().trimEnd().split('\n').at(-1)).toBe(
      `Berth: PORT: '${port}', expected a free port: another program is listening on 127.0.0.1:${port}`,
    );
    expect(databaseRuns()).toBe(false);
    other.close();
  });
});

function postmaster(): number {
  const file = join(directory, '.berth', 'postgres', 'data', 'postmaster.pid');
  return Number.parseInt(readFileSync(file, 'utf8'), 10);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
