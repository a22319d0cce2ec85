import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { query } from '../../support/query.js';
import type { Random } from '../../support/random.js';
import { send } from '../../support/send.js';
import { isAlive, type ServiceProcess } from '../../support/service-process.js';
import { waitFor } from '../../support/wait-for.js';
import type { CommitCut, DatabaseProxy } from '../database-proxy.js';
import type { Disk, Ending, FaultyPostgres, SoakDatabase } from './postgres.js';
import type { Scene } from './scene.js';

/** All that is done to the service. */
export const FAULTS = [
  'kill a worker',
  'kill a server',
  'kill a supervisor',
  'stop the database',
  'crash the database',
  'kill the database',
  'cut before commit',
  'cut at commit',
  'cut after commit',
  'cut and refuse',
  'hold rows',
  'hold tables',
  'no connections',
  'slow database',
  'silent database',
  'tables full',
  'log full',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface Limits {
  /** How long most faults last: ms. */
  readonly holdMs: { readonly from: number; readonly to: number };
  /** The servers' `statement_timeout`: ms. */
  readonly statementMs: number;
}

/** Between two cuts whoever was cut comes back, to be cut again: ms. */
const CUTS = { from: 2, to: 5 } as const;
const CUT_LIMIT_MS = 30_000;
/** A delay for each answer of the database: ms. */
const DELAY_MS = { from: 50, to: 2_000 } as const;
/** Longer than a pool lets wait for one of its 20 connections: so many reads, one after another, that each takes one: ms. */
const POOL_WAIT_MS = 6_000;
const READS = 60;
const READ_PAUSE_MS = 5;
const READ_LIMIT_MS = 60_000;
/** A disk that is full is noticed by whoever needs more of it. */
const FULL_LIMIT_MS = 30_000;
const FULL_POLL_MS = 100;
/** An old process that finishes what it began is gone by then: ms. */
const ORPHAN_LIMIT_MS = 30_000;

/** Does one bad thing after another to servers and database. */
export class Faults {
  constructor(
    private readonly scene: Scene,
    private readonly database: SoakDatabase,
    /** Its server, if that is ours to stop and fill. */
    private readonly server: FaultyPostgres | undefined,
    private readonly proxies: readonly DatabaseProxy[],
    private readonly random: Random,
    private readonly limits: Limits,
    /** Is never killed. */
    private readonly witness: ServiceProcess | undefined,
  ) {}

  /** Does it, keeps it up for a while, and ends it: from then on everything is there that the service needs. */
  async cause(fault: Fault): Promise<void> {
    await this.deeds[fault]();
  }

  private readonly deeds: Readonly<Record<Fault, () => Promise<void>>> = {
    'kill a worker': () => this.killWorker(),
    'kill a server': () => this.killService(({ workers }) => workers === 1),
    'kill a supervisor': () => this.killService(({ workers }) => workers > 1),
    'stop the database': () => this.restart('fast'),
    'crash the database': () => this.restart('immediate'),
    'kill the database': () => this.restart('kill'),
    'cut before commit': () => this.cut('unsent'),
    'cut at commit': () => this.cut('sent'),
    'cut after commit': () => this.cut('unanswered'),
    'cut and refuse': () => this.cutAndRefuse(),
    'hold rows': () => this.holdRows(),
    'hold tables': () => this.holdTables(),
    'no connections': () => this.useUpConnections(),
    'slow database': () => this.disturb((proxy) => proxy.slowDown(this.random.between(DELAY_MS.from, DELAY_MS.to))),
    'silent database': () => this.disturb((proxy) => proxy.silence()),
    'tables full': () => this.fill('tables'),
    'log full': () => this.fill('log'),
  };

  private async killWorker(): Promise<void> {
    const service = this.pickService(({ workers }) => workers > 1);
    const before = service.starts;
    process.kill(this.random.pick(service.pids), 'SIGKILL');
    await waitFor(() => service.starts > before, { limitMs: ORPHAN_LIMIT_MS * 2, what: 'another worker' });
  }

  /** Its workers, if it has any, find out by themselves that they are alone, and end. */
  private async killService(fits: (service: ServiceProcess) => boolean): Promise<void> {
    const service = this.pickService(fits);
    const { pids } = service;
    await service.kill();
    await sleep(this.random.between(0, 500));
    await service.start();
    const areGone = (): boolean => !pids.some(isAlive);
    await waitFor(areGone, { limitMs: ORPHAN_LIMIT_MS, what: 'the end of what was left of a killed service' });
  }

  private async restart(how: Ending): Promise<void> {
    await this.postgres.stop(how);
    await this.hold();
    await this.postgres.startAgain();
  }

  private async cut(when: CommitCut): Promise<void> {
    const proxy = this.random.pick(this.proxies);
    for (let left = this.random.between(CUTS.from, CUTS.to); left > 0; left -= 1) {
      const before = proxy.cuts;
      proxy.cutNextCommit(when);
      await waitFor(() => proxy.cuts > before, { limitMs: CUT_LIMIT_MS, what: 'a commit to cut' });
      await sleep(this.random.between(0, 200));
    }
  }

  private async cutAndRefuse(): Promise<void> {
    const proxy = this.random.pick(this.proxies);
    const before = proxy.cuts;
    proxy.cutNextCommit(this.random.pick(['unanswered', 'sent'] as const), { refuse: true });
    await waitFor(() => proxy.cuts > before, { limitMs: CUT_LIMIT_MS, what: 'a commit to cut' });
    await this.hold();
    proxy.letThrough();
  }

  /** Until statements that wait for the rows are ended by the server. */
  private async holdRows(): Promise<void> {
    const rows = `'${[...this.scene.tight, ...this.scene.roomy].join("','")}'`;
    const statement = `select id from resource_providers where uuid in (${rows}) order by id for update`;
    await query(this.database, 'begin', statement, `select pg_sleep(${(this.limits.statementMs + 1_500) / 1_000})`);
  }

  /** Until all connections of the pools wait, and whoever wants one waits in vain. */
  private async holdTables(): Promise<void> {
    const lock = 'lock table consumers, inventories, allocations in access exclusive mode';
    const held = query(this.database, 'begin', lock, `select pg_sleep(${POOL_WAIT_MS / 1_000})`);
    const reads = this.scene.services.map(async ({ url }) => {
      const sent: Promise<unknown>[] = [];
      for (let read = 0; read < READS; read += 1) {
        const path = `/allocations/${this.scene.tight[0]}`;
        sent.push(send(url, { method: 'GET', path, limitMs: READ_LIMIT_MS }));
        await sleep(READ_PAUSE_MS);
      }
      await Promise.all(sent);
    });
    await Promise.all([held, ...reads]);
  }

  /** Takes all connections that there are, and those of the service when it has to let them go. */
  private async useUpConnections(): Promise<void> {
    const taken: pg.Client[] = [];
    const until = performance.now() + this.random.between(this.limits.holdMs.from, this.limits.holdMs.to) + 1_000;
    try {
      await this.take(taken);
      await taken[0]?.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth' and pid <> pg_backend_pid()`,
      );
      while (performance.now() < until) {
        await this.take(taken);
        await sleep(FULL_POLL_MS);
      }
    } finally {
      await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
    }
  }

  private async take(taken: pg.Client[]): Promise<void> {
    for (;;) {
      const client = new pg.Client({ connectionString: this.database.url });
      client.on('error', () => undefined);
      const connected = await client.connect().then(
        () => true,
        () => false,
      );
      if (!connected) return;
      taken.push(client);
    }
  }

  /** Does it to the way to the database of one service, or of all. */
  private async disturb(deed: (proxy: DatabaseProxy) => void): Promise<void> {
    const some = this.random.happens(0.5) ? this.proxies : [this.random.pick(this.proxies)];
    for (const proxy of some) deed(proxy);
    await this.hold();
    for (const proxy of some) proxy.letThrough();
  }

  /**
   * Until somebody noticed. Without room for tables the statement fails that needs it; without room for its log PostgreSQL
   * ends at once, and can't start again before there is some.
   */
  private async fill(disk: Disk): Promise<void> {
    const { log } = this.scene;
    const before = log.disturbed;
    const deadline = performance.now() + FULL_LIMIT_MS;
    while (log.disturbed === before && performance.now() < deadline) {
      await this.postgres.fill(disk);
      if (disk === 'log') await this.writeMuch();
      await sleep(FULL_POLL_MS);
    }
    if (log.disturbed === before) log.note('fault', `nobody noticed that there is no room for ${disk}`);
    await this.hold();
    await this.postgres.free(disk);
    await this.postgres.startAgain();
  }

  private async writeMuch(): Promise<void> {
    const written = `select pg_logical_emit_message(false, 'soak', repeat('x', 900000))`;
    await query(this.database, ...Array.from({ length: 20 }, () => written)).catch(() => undefined);
  }

  private get postgres(): FaultyPostgres {
    if (this.server === undefined) throw new Error('others use this server, too');
    return this.server;
  }

  private pickService(fits: (service: ServiceProcess) => boolean): ServiceProcess {
    return this.random.pick(this.scene.services.filter((service) => service !== this.witness && fits(service)));
  }

  private async hold(): Promise<void> {
    await sleep(this.random.between(this.limits.holdMs.from, this.limits.holdMs.to));
  }
}
