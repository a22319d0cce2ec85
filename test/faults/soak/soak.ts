import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../support/project.js';
import { Random } from '../../support/random.js';
import { ServiceProcess } from '../../support/service-process.js';
import { waitFor } from '../../support/wait-for.js';
import { DatabaseProxy } from '../database-proxy.js';
import { checkConnections, checkWhole, comeToRest } from './check.js';
import { Claimer } from './claimer.js';
import { Faults, type Fault, type Limits } from './faults.js';
import { Follower } from './feed.js';
import { Gate } from './gate.js';
import { SoakLog, type Violation } from './log.js';
import { grows, Memory, type Weight } from './memory.js';
import { Model } from './model.js';
import { FaultyPostgres, type SoakDatabase } from './postgres.js';
import { Prober } from './prober.js';
import { Scene } from './scene.js';
import { Shaper } from './shaper.js';
import { readValues } from './values.js';

export interface SoakOptions {
  readonly clients: number;
  /** How many processes each service has. The last one is never killed if there are more than two. */
  readonly services: readonly number[];
  /** In this order. */
  readonly faults: readonly Fault[];
  /** No further fault begins after that. */
  readonly seconds: number;
  readonly seed: number;
  readonly limits: Limits;
  /** So many writes are acknowledged before each fault, and again after it. */
  readonly writes: { readonly from: number; readonly to: number };
  readonly pauseMs: number;
  /** So soon after a fault every service has to take writes: ms. */
  readonly recoveryLimitMs: number;
  /** Rules that the services break, with commas (broken.mjs). */
  readonly broken?: string | undefined;
  readonly progress?: ((line: string) => void) | undefined;
}

export interface Recovery {
  readonly fault: Fault;
  readonly ms: number;
}

export interface SoakReport {
  readonly counts: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<Fault, number>;
  /** Faults during which at least one request was not served. */
  readonly felt: ReadonlyMap<Fault, number>;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly happened: number;
  readonly recoveries: readonly Recovery[];
  readonly courses: readonly (readonly Weight[])[];
  readonly violations: readonly Violation[];
  readonly seconds: number;
}

/** However busy the machine is. */
const WORK_LIMIT_MS = 120_000;
/** Fewer say nothing of a course. */
const LEAST_WEIGHTS = 6;
const SHAPED_PART = 0.15;

const urlOf = (file: string): string => pathToFileURL(join(PROJECT, 'test/faults/soak', file)).href;
/** What no service should have to say, whatever happens to it. */
const ALARMING = /unhandled|uncaught|TypeError|RangeError|ReferenceError|AssertionError|MaxListeners|deadlock/i;

/** Lets clients write while everything breaks that may break, and says what came of it. Disks of `megabytes` each. */
export async function soak(options: SoakOptions, megabytes: number): Promise<SoakReport> {
  const postgres = await FaultyPostgres.start(megabytes);
  try {
    return await soakOn(postgres, options, postgres);
  } finally {
    await postgres.end();
  }
}

/** The same on a database that is there. `postgres`: its server, if the faults are to reach it. */
export async function soakOn(
  database: SoakDatabase,
  options: SoakOptions,
  postgres?: FaultyPostgres,
): Promise<SoakReport> {
  const run = await Run.start(database, options);
  try {
    return await run.toEnd(postgres);
  } finally {
    await run.stop();
  }
}

class Run {
  private readonly model = new Model();
  private readonly log = new SoakLog();
  private readonly memory = new Memory();
  private readonly gate = new Gate();
  private readonly random: Random;
  private readonly faults = new Map<Fault, number>();
  private readonly felt = new Map<Fault, number>();
  private readonly recoveries: Recovery[] = [];
  private startedAt = performance.now();
  private readonly scene: Scene;
  private isOver = false;

  private constructor(
    private readonly database: SoakDatabase,
    private readonly options: SoakOptions,
    private readonly proxies: readonly DatabaseProxy[],
    services: readonly number[],
  ) {
    this.random = new Random(options.seed);
    const { model, log, gate } = this;
    const isOver = (): boolean => this.isOver;
    const made = services.map((workers, index) => this.service(workers, proxies[index]?.url ?? ''));
    this.scene = new Scene({ services: made, model, log, gate, isOver, pauseMs: options.pauseMs });
  }

  static async start(database: SoakDatabase, options: SoakOptions): Promise<Run> {
    const proxies = await Promise.all(options.services.map(() => DatabaseProxy.open(database.url)));
    return new Run(database, options, proxies, options.services);
  }

  async toEnd(postgres: FaultyPostgres | undefined): Promise<SoakReport> {
    const { scene, options } = this;
    await Promise.all(scene.services.map((service) => service.start()));
    await scene.furnish();
    const follower = new Follower(scene, this.database, this.fork());
    await follower.begin();
    const clients = await this.makeClients();
    const work = Promise.all([follower.run(), ...clients.map((client) => client.run())]);
    // Its failure is told where it is awaited, at the end.
    work.catch(() => undefined);
    try {
      await this.work();
      this.startedAt = performance.now();
      await this.check();
      const witness = options.services.length > 2 ? scene.services.at(-1) : undefined;
      const faults = new Faults(scene, this.database, postgres, this.proxies, this.fork(), options.limits, witness);
      for (const fault of options.faults) {
        if (this.seconds >= options.seconds) break;
        await this.suffer(faults, fault);
        await this.check(postgres);
      }
    } finally {
      this.isOver = true;
      this.gate.open();
    }
    await work;
    for (const { rule, message } of await follower.end()) this.log.note(rule, message);
    return this.report();
  }

  async stop(): Promise<void> {
    for (const proxy of this.proxies) proxy.letThrough();
    await Promise.all(this.scene.services.map((service) => service.stop()));
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  private get seconds(): number {
    return (performance.now() - this.startedAt) / 1_000;
  }

  private service(workers: number, url: string): ServiceProcess {
    const { broken, limits } = this.options;
    const { statementMs } = limits;
    const limited = `${url}?statement_timeout=${statementMs}&query_timeout=${statementMs * 2}`;
    return new ServiceProcess({
      databaseUrl: limited,
      workers,
      imports: [urlOf('memory-probe.mjs'), ...(broken === undefined ? [] : [urlOf('broken.mjs')])],
      env: { SOAK_BROKEN: broken ?? '', BERTH_POLICY: 'legacy' },
      heard: (line) => {
        this.memory.read(line);
        if (ALARMING.test(line)) this.log.note('service log', line.slice(0, 500));
      },
    });
  }

  private fork(): Random {
    return new Random(this.random.between(0, 2 ** 31));
  }

  private async makeClients(): Promise<(Claimer | Shaper)[]> {
    const { scene, options } = this;
    const shapers = await Promise.all(
      scene.roomy
        .slice(0, Math.ceil(options.clients * SHAPED_PART))
        .map((provider) => new Shaper(scene, this.fork()).furnish(provider)),
    );
    const claimers = Array.from({ length: options.clients - shapers.length }, () => new Claimer(scene, this.fork()));
    return [...shapers, ...claimers];
  }

  private async suffer(faults: Faults, fault: Fault): Promise<void> {
    await this.work();
    const disturbed = this.log.disturbed;
    await faults.cause(fault);
    const endedAt = performance.now();
    const probers = this.scene.services.map((service) => new Prober(this.scene, this.fork(), service));
    const times = await Promise.all(probers.map((prober) => prober.measure(endedAt)));
    this.recoveries.push(...times.map((ms) => ({ fault, ms })));
    const late = times.filter((ms) => ms > this.options.recoveryLimitMs);
    if (late.length > 0) this.log.note('recovery', `${fault}: ${late.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    if (this.log.disturbed > disturbed) this.felt.set(fault, (this.felt.get(fault) ?? 0) + 1);
    await this.work();
  }

  private async work(): Promise<void> {
    const { from, to } = this.options.writes;
    const wanted = this.model.acknowledged + this.random.between(from, to);
    await waitFor(() => this.model.acknowledged >= wanted, { limitMs: WORK_LIMIT_MS, what: `${to} writes` });
  }

  /** Everybody stops for a moment, and what there is is held against what was told. */
  private async check(postgres?: FaultyPostgres): Promise<void> {
    await this.gate.close();
    await postgres?.startAgain();
    await comeToRest(this.database);
    for (const { rule, message } of this.model.judge(await readValues(this.database))) this.log.note(rule, message);
    // What is lost once stays lost, and takes its time to be found.
    const isLost = this.log.violations.some(({ rule }) => rule === 'connections');
    const urls = isLost ? [] : this.scene.services.map(({ url }) => url);
    const found = await Promise.all([checkWhole(this.database), checkConnections(urls)]);
    for (const { rule, message } of found.flat()) this.log.note(rule, message);
    for (const service of this.scene.services)
      for (const death of service.deaths.splice(0)) this.log.note('service ended', death);
    await this.memory.weigh(this.scene.services.flatMap(({ pids }) => pids));
    const done = [...this.faults].map(([fault, times]) => `${times} ${fault}`).join(', ');
    const { acknowledged, unknowns } = this.model;
    this.options.progress?.(
      `${this.seconds.toFixed(0)} s: ${acknowledged} acknowledged, ${unknowns} unknown, ` +
        `${this.log.violations.length} violations; ${done}`,
    );
    this.gate.open();
  }

  private report(): SoakReport {
    const { acknowledged, unknowns, happened } = this.model;
    for (const course of this.memory.courses(LEAST_WEIGHTS).filter(grows))
      this.log.note('memory', `${course[0]?.pid}: ${course.map(({ used }) => used).join(', ')} bytes in use`);
    return {
      ...{ counts: this.log.counts, faults: this.faults, felt: this.felt, recoveries: this.recoveries },
      ...{ acknowledged, unknown: unknowns, happened, courses: this.memory.courses(LEAST_WEIGHTS) },
      ...{ violations: this.log.violations, seconds: this.seconds },
    };
  }
}
