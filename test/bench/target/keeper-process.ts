import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KeeperOrder, KeeperReport, Postgres, Served } from './keeper-orders.js';

const SCRIPT = fileURLToPath(new URL('keeper.js', import.meta.url));

/** A database server and a service of the run's own, in the hands of a process that outlives no run. */
export class KeeperProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly postgres: Postgres,
  ) {}

  /** Starts the database server. */
  static async start(): Promise<KeeperProcess> {
    const child = fork(SCRIPT, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const report = await next(child);
    if (report.kind !== 'postgres') throw new Error('the keeper began with something else than PostgreSQL');
    return new KeeperProcess(child, report.postgres);
  }

  /** Starts the service on a database; one at a time. */
  async serve(databaseUrl: string, workers: string | undefined): Promise<Served> {
    const report = await this.tell({ kind: 'start', databaseUrl, workers });
    if (report.kind !== 'served') throw new Error('the keeper did not start the service');
    return report.served;
  }

  async stopService(): Promise<void> {
    await this.tell({ kind: 'stop' });
  }

  /** Stops everything and removes the data. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private async tell(order: KeeperOrder): Promise<KeeperReport> {
    const report = next(this.child);
    this.child.send(order);
    return await report;
  }
}

async function next(child: ChildProcess): Promise<KeeperReport> {
  const watch = new AbortController();
  const { signal } = watch;
  const exit = once(child, 'exit', { signal }).then(() => undefined);
  const message = await Promise.race([once(child, 'message', { signal }), exit]);
  exit.catch(() => undefined);
  watch.abort();
  if (message === undefined) throw new Error('the keeper of the database ended');
  const report = message[0] as KeeperReport;
  if (report.kind === 'failed') throw new Error(report.message);
  return report;
}
