import { readFileSync } from 'node:fs';
import pg from 'pg';
import { client } from '../support/http.js';
import { readOperations, type Operation } from './document.js';
import { judge } from './judge.js';
import { startService, type Service } from './service.js';
import { show } from './shot.js';
import { shotOf } from './shots.js';
import { fire } from './wire.js';
import { makeWorld, type World } from './world.js';

export interface FuzzOptions {
  readonly databaseUrl: string;
  readonly seed: number;
  readonly requests: number;
  /** Clients at once. */
  readonly clients: number;
  /** Number of the first shot; a failure is replayed from there. */
  readonly from?: number;
  readonly progress?: (done: number, failures: number) => void;
}

export interface FuzzReport {
  readonly requests: number;
  /** How often each status came; `closed`, `left` where there was none. */
  readonly statuses: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
  /** MB of the process: after the first fifth of the requests, and at the end. */
  readonly memory: { readonly early: number; readonly late: number };
  readonly seconds: number;
}

/** More than this says nothing that the first ones don't. */
const MAX_FAILURES = 50;

/** What a process may grow by that has served a fifth of the requests already: MB. Bodies of 32 MB come and go. */
const MAX_GROWTH_MB = 300;

/** A heap that leaks ends the process; it needs some 60 MB, and some bodies make it 150. */
const HEAP_MB = 512;

/** What contradicts itself in a database in which nothing went wrong. */
const INVARIANTS: Readonly<Record<string, string>> = {
  'used is not the sum of allocations, or more than there is': `
    select 1 from inventories i left join allocations a using (resource_provider_id, resource_class_id)
     group by i.resource_provider_id, i.resource_class_id
    having i.used <> coalesce(sum(a.used), 0) or i.used < 0`,
  'allocations without an inventory': `
    select 1 from allocations a left join inventories i using (resource_provider_id, resource_class_id) where i.total is null`,
  'allocations of no consumer': `
    select 1 from allocations a left join consumers c on c.id = a.consumer_id where c.id is null`,
  'consumers without anything': `
    select 1 from consumers c
     where not exists (select from allocations a where a.consumer_id = c.id)
       and not exists (select from slot_locks s where s.consumer_id = c.id)`,
  'children of another tree': `
    select 1 from resource_providers c join resource_providers p on p.id = c.parent_provider_id
     where c.root_provider_id <> p.root_provider_id`,
};

/** Starts a service, makes a world, fires at it, and looks at what is left. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const server = await startService(options.databaseUrl, ENVIRONMENT);
  try {
    const operations = await readOperations(server.url);
    const world = await makeWorld(server.url, options.seed);
    return await new Fuzzer(options, server, operations, world).run();
  } finally {
    await server.stop();
  }
}

/** Who sends slowly is given up soon: the fuzzer waits for that. */
const ENVIRONMENT = { BERTH_REQUEST_TIMEOUT_SECONDS: '3', NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };

class Fuzzer {
  private readonly statuses = new Map<string, number>();
  private readonly failures: string[] = [];
  private readonly since = performance.now();
  private next: number;
  private done = 0;
  private earlyMb = 0;

  constructor(
    private readonly options: FuzzOptions,
    private readonly server: Service,
    private readonly operations: readonly Operation[],
    private readonly world: World,
  ) {
    this.next = options.from ?? 0;
  }

  async run(): Promise<FuzzReport> {
    await Promise.all(Array.from({ length: this.options.clients }, () => this.shoot()));
    const lateMb = memoryOf(this.server.pid);
    if (lateMb - this.earlyMb > MAX_GROWTH_MB) this.fail(`memory grew from ${this.earlyMb} to ${lateMb} MB`);
    await this.checkService();
    await this.checkDatabase();
    return {
      requests: this.done,
      statuses: this.statuses,
      failures: this.failures,
      memory: { early: this.earlyMb, late: lateMb },
      seconds: (performance.now() - this.since) / 1_000,
    };
  }

  private async shoot(): Promise<void> {
    const { seed, requests, from = 0, progress } = this.options;
    const port = Number(new URL(this.server.url).port);
    while (this.next < from + requests && this.failures.length < MAX_FAILURES) {
      const shot = shotOf(seed, this.next, this.operations, this.world);
      this.next += 1;
      const outcome = await fire(port, shot);
      for (const wrong of judge(shot, outcome)) this.fail(`${wrong}\n    ${show(shot)}`);
      for (const { status } of outcome.answers) this.count(`${status}`);
      if (outcome.answers.length === 0) this.count(outcome.end);
      this.done += 1;
      if (!this.server.isAlive()) {
        this.fail(`the service died:\n${this.server.logs().slice(-3_000)}\n    ${show(shot)}`);
        return;
      }
      if (this.done === Math.ceil(requests / 5)) this.earlyMb = memoryOf(this.server.pid);
      progress?.(this.done, this.failures.length);
    }
  }

  private fail(what: string): void {
    this.failures.push(what);
  }

  private count(status: string): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  private async checkService(): Promise<void> {
    const status = await client(this.server.url, { version: '1.39' })
      .get('/allocation_candidates?resources=VCPU:1')
      .then(
        (reply) => reply.status,
        (error: Error) => error.message,
      );
    if (status !== 200) this.fail(`a search afterwards: ${status}`);
    const logged = this.server.logs().split('\n').find(isComplaint);
    if (logged !== undefined) this.fail(`the log says: ${logged.slice(0, 1_000)}`);
  }

  private async checkDatabase(): Promise<void> {
    const sql = new pg.Client({ connectionString: this.options.databaseUrl });
    await sql.connect();
    try {
      for (const [what, statement] of Object.entries(INVARIANTS)) {
        const { rowCount } = await sql.query(statement);
        if (rowCount !== 0) this.fail(`${rowCount} rows: ${what}`);
      }
    } finally {
      await sql.end();
    }
  }
}

/** MB that a process has in memory; 0 where the system doesn't say. */
function memoryOf(pid: number): number {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kb ?? 0) / 1024);
  } catch {
    return 0;
  }
}

/** Of a line about a request only its level counts: what was asked for may have any words in it. */
function isComplaint(line: string): boolean {
  if (line.startsWith('{"level":"info"') || line.startsWith('{"level":"debug"')) return false;
  return /unhandled|uncaught|heap out of memory|"level":"(?:error|fatal)"/i.test(line);
}
