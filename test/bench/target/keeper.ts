import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../../apps/cli/src/embedded-postgres/embedded-postgres.js';
import type { KeeperOrder, KeeperReport } from './keeper-orders.js';
import { ServedProcess } from './served-process.js';

/**
 * A process that owns the database server and the service of a run. It stops both and removes the data when the channel
 * to its parent ends, which happens however that one dies: no run leaves anything behind.
 */
const gone = new Promise<void>((resolve) => process.once('disconnect', resolve));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const say = (report: KeeperReport): void => {
  if (process.connected) process.send?.(report, () => undefined);
};

let service: ServedProcess | undefined;

async function obey(order: KeeperOrder): Promise<KeeperReport> {
  if (order.kind === 'stop') {
    await service?.stop();
    service = undefined;
    return { kind: 'stopped' };
  }
  service = new ServedProcess(order.databaseUrl, order.workers);
  return { kind: 'served', served: await service.ready() };
}

const directory = mkdtempSync(join(tmpdir(), 'berth-bench-'));
const relocated = `${directory}-moved`;
let home = directory;
try {
  // The settings are Berth's own: what is measured is what people get, fsync and synchronous_commit on.
  const postgres = await EmbeddedPostgres.start({ directory, relocated });
  home = postgres.home;
  process.on('message', (order: KeeperOrder) => {
    obey(order).then(say, (error: unknown) => say({ kind: 'failed', message: String(error) }));
  });
  say({ kind: 'postgres', postgres: { adminUrl: postgres.urlOf('postgres'), pid: postgres.pid ?? 0 } });
  await gone;
  await service?.stop();
  await postgres.stop();
} catch (error) {
  say({ kind: 'failed', message: String(error) });
  process.exitCode = 1;
} finally {
  for (const path of [directory, home, relocated]) rmSync(path, { recursive: true, force: true });
}
if (process.connected) process.disconnect();
