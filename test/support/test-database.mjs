import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The database of one Jest run, as a process of its own: it starts PostgreSQL (or uses the one it is given), makes the
 * template, says so in one line of JSON, and cleans up when its standard input ends. That happens when Jest closes it,
 * and also when Jest dies in whatever way, so no run leaves a server behind.
 *
 * Runs the built product: `npm run build` comes first.
 */

const dist = new URL('../../dist/', import.meta.url);
const { EmbeddedPostgres } = await import(new URL('apps/cli/src/embedded-postgres/embedded-postgres.js', dist));
const { migrate, openDataSource } = await import(new URL('libs/store/src/index.js', dist));

/** Tests lose nothing in a crash of the machine that they would miss; 300: each test server holds a pool of its own. */
const SETTINGS = {
  max_connections: '300',
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_senders: '0',
  wal_level: 'minimal',
  autovacuum_naptime: '5s',
};

const template = `berth_template_${process.pid}`;
const given = process.env.BERTH_TEST_DATABASE_URL;

async function query(url, statement) {
  const dataSource = await openDataSource(url, 1);
  try {
    return await dataSource.query(statement);
  } finally {
    await dataSource.destroy();
  }
}

function withDatabase(adminUrl, name) {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function startServer() {
  const directory = mkdtempSync(join(tmpdir(), 'berth-test-'));
  const postgres = await EmbeddedPostgres.start({ directory, relocated: `${directory}-moved`, settings: SETTINGS });
  return {
    adminUrl: postgres.urlOf('postgres'),
    stop: async () => {
      await postgres.stop();
      for (const path of [directory, postgres.home, `${directory}-moved`])
        rmSync(path, { recursive: true, force: true });
    },
  };
}

const gone = new Promise((resolve) => {
  process.stdin.once('end', resolve).once('close', resolve).once('error', resolve).resume();
});
// Ctrl-C reaches every process of the terminal; Jest ends then, and this one after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);

const server = given ? { adminUrl: given, stop: async () => undefined } : await startServer();
try {
  await query(server.adminUrl, `create database ${template}`);
  const dataSource = await openDataSource(withDatabase(server.adminUrl, template), 2);
  await migrate(dataSource);
  await dataSource.destroy();
  process.stdout.write(`${JSON.stringify({ adminUrl: server.adminUrl, template })}\n`);
  await gone;
  if (given) await query(given, `drop database if exists ${template} with (force)`);
} finally {
  await server.stop();
}
