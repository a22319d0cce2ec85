/**
 * A process that owns a PostgreSQL which is stopped, killed and started on demand, each time by a line of JSON on the
 * standard input, answered by one on the standard output. Its log of transactions and its tables lie on two small file
 * systems where the machine lets us make them. Whatever ends its input ends the server, and removes all of it.
 */
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const built = new URL('../../../dist/apps/cli/src/embedded-postgres/', import.meta.url);
const load = (name) => import(new URL(`${name}.js`, built));
const { prepareBinaries } = await load('binaries');
const { databaseUrl, writeSettings } = await load('cluster');
const { makePlaces } = await load('places');
const { forgetDeadPostmaster, launch, livingPostmaster } = await load('postmaster');
const { run } = await load('run');

const { directory, settings, megabytes } = JSON.parse(process.argv[2]);
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' };
const LIMIT_MS = 60_000;
const MEGABYTE = Buffer.alloc(2 ** 20);
const PAGE = MEGABYTE.subarray(0, 4_096);

const moved = `${directory}-moved`;
const places = makePlaces(directory, undefined, moved);
const binaries = prepareBinaries(
  places.account,
  places.account ? join(moved, 'binaries') : join(places.home, 'binaries'),
);
/** By name: where it is. */
const disks = Object.fromEntries(['log', 'tables'].map((name) => [name, join(places.home, `small-${name}`)]));
const mounted = [];

/** Nothing but root may mount; without that the disks are ordinary directories, which nobody should fill. */
function makeDisks() {
  const owner = places.account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  for (const path of Object.values(disks)) {
    mkdirSync(path, { mode: 0o700 });
    const options = `size=${megabytes}m,uid=${owner.uid},gid=${owner.gid},mode=0700`;
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0) mounted.push(path);
  }
  return mounted.length === Object.keys(disks).length;
}

/** Segments of 1 MB: with those of 16 a small disk would be full of a few of them before anybody wrote. */
async function initialise() {
  const small = mounted.length > 0 ? ['--wal-segsize=1', `--waldir=${disks.log}`] : [];
  const args = ['-D', places.data, '-U', 'berth', '-E', 'UTF8', '--locale=C', '--no-instructions', '--no-sync'];
  const { code, output } = await run(
    binaries.initdb,
    [...args, '--auth-local=trust', '--auth-host=reject', ...small],
    places.account,
  );
  if (code !== 0) throw new Error(output);
  appendFileSync(join(places.data, 'postgresql.conf'), `\ninclude_if_exists = 'berth.conf'\n`);
  await writeSettings(places, settings);
}

/** Until it runs: processes of the one before it may have to end first. */
async function start() {
  const deadline = Date.now() + LIMIT_MS;
  while (livingPostmaster(places.data) === undefined) {
    forgetDeadPostmaster(places.data);
    const failure = await launch(binaries, places);
    if (failure !== undefined && Date.now() > deadline) throw new Error(failure);
  }
}

async function stop(how) {
  const pid = livingPostmaster(places.data);
  if (pid !== undefined) process.kill(pid, SIGNALS[how]);
  const deadline = Date.now() + LIMIT_MS;
  while (livingPostmaster(places.data) !== undefined) {
    if (Date.now() > deadline) throw new Error('PostgreSQL does not end');
    await sleep(20);
  }
}

const fillerOf = (disk) => join(disks[disk], 'filler');

/** Until nothing goes in any more, and again: what the server gave back meanwhile is taken, too. */
function fill(disk) {
  const file = openSync(fillerOf(disk), 'a');
  try {
    for (const piece of [MEGABYTE, PAGE]) {
      try {
        while (writeSync(file, piece) === piece.length);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    }
    return { bytes: fstatSync(file).size };
  } finally {
    closeSync(file);
  }
}

const COMMANDS = {
  start,
  stop: ({ how }) => stop(how),
  fill: ({ disk }) => fill(disk),
  free: ({ disk }) => rmSync(fillerOf(disk), { force: true }),
  runs: () => ({ pid: livingPostmaster(places.data) ?? null }),
};

const say = (facts) => process.stdout.write(`${JSON.stringify(facts)}\n`);

async function end() {
  await stop('immediate').catch(() => undefined);
  for (const path of mounted) spawnSync('umount', ['-l', path]);
  for (const path of [directory, places.home, moved]) rmSync(path, { recursive: true, force: true });
}

// Ctrl-C reaches every process of the terminal; whoever started this one ends then, and this one after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);
try {
  const smallDisks = makeDisks();
  await initialise();
  await start();
  say({ url: databaseUrl(places, 'postgres'), log: places.log, tables: smallDisks ? disks.tables : null });
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...rest } = JSON.parse(line);
    try {
      say({ done: true, ...(await COMMANDS[command](rest)) });
    } catch (error) {
      say({ failed: error.message });
    }
  }
} catch (error) {
  say({ failed: error.message });
  process.exitCode = 1;
} finally {
  await end();
}
