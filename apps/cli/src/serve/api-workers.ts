import cluster, { type Worker } from 'node:cluster';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../refusal.js';
import { DRAIN_LIMIT_MS, isAnswering, RUNTIME_FLAGS, type Api, type ApiOptions } from './api-process.js';
import { RELOAD_MESSAGE } from './hangup.js';
import { closeWhatDiesOnTheWay } from './handed-connections.js';
import { WorkerReadings } from './worker-readings.js';

/** A worker that dies again and again has a reason that another one does not cure. */
const MAX_REPLACEMENTS = 10;
const REPLACEMENT_WINDOW_MS = 60_000;

/**
 * Several processes of the HTTP service that share one port; the supervisor hands connections to them in turn. They
 * share nothing else: all state is the database's. One that dies is replaced, and the others go on.
 */
export class ApiWorkers implements Api {
  /** What ended them all, in words; settles when no worker is left. */
  readonly ended: Promise<string>;
  private readonly living = new Set<Worker>();
  private readonly readings = new WorkerReadings();
  private readonly stopLimitMs: number;
  private replacements: number[] = [];
  private stopping = false;
  private hasListened = false;
  private running = true;
  private report: (cause: string) => void = () => undefined;

  constructor(
    { databaseUrl, host, port, drainDelayMs }: ApiOptions,
    count: number,
    private readonly say: (line: string) => void,
  ) {
    this.stopLimitMs = drainDelayMs + DRAIN_LIMIT_MS;
    const exec = fileURLToPath(new URL('../../../api/src/main.js', import.meta.url));
    if (!existsSync(exec)) throw new Refusal(`${exec} is missing: npm run build`);
    cluster.setupPrimary({ exec, args: [], execArgv: RUNTIME_FLAGS });
    this.ended = new Promise((resolve) => (this.report = resolve));
    void this.ended.then(() => (this.running = false));
    const env = { DATABASE_URL: databaseUrl, HOST: host, PORT: `${port}` };
    for (let started = 0; started < count; started += 1) this.start(env);
  }

  /** Answers true when the service answers requests, false if it ended before it did. */
  isListening(url: string): Promise<boolean> {
    return isAnswering(url, () => this.running);
  }

  /** See `ApiProcess.reload`. */
  reload(): void {
    for (const worker of this.living) if (worker.isConnected()) worker.process.send(RELOAD_MESSAGE, () => undefined);
  }

  /** Ends them all, letting them finish what is under way unless `hurry` settles first. Answers what ended the last. */
  async stop(hurry: Promise<void>): Promise<string> {
    this.stopping = true;
    for (const worker of this.living) worker.process.kill('SIGTERM');
    const late = sleep(this.stopLimitMs, undefined, { ref: false });
    await Promise.race([this.ended, late, hurry]);
    for (const worker of this.living) worker.process.kill('SIGKILL');
    return await this.ended;
  }

  private start(env: Readonly<Record<string, string>>): void {
    const worker = cluster.fork(env);
    this.living.add(worker);
    closeWhatDiesOnTheWay(worker.process);
    worker.once('listening', () => (this.hasListened = true));
    this.readings.follow(worker);
    worker.once('exit', (code: number | null, signal: string | null) => {
      this.living.delete(worker);
      const cause = signal ? signal : `exit code ${code}`;
      // Before any of them listened, it is the configuration that they end of.
      if (!this.stopping && this.hasListened && this.mayReplace()) {
        this.say(`worker ${worker.process.pid} ended (${cause}); starting another`);
        this.start(env);
      } else if (!this.stopping) {
        this.stopping = true;
        for (const other of this.living) other.process.kill('SIGTERM');
      }
      if (this.living.size === 0) this.report(cause);
    });
  }

  private mayReplace(): boolean {
    const now = Date.now();
    this.replacements = [...this.replacements.filter((at) => now - at < REPLACEMENT_WINDOW_MS), now];
    return this.replacements.length <= MAX_REPLACEMENTS;
  }
}
