import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../refusal.js';
import { RELOAD_MESSAGE } from './hangup.js';

export interface ApiOptions {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  /** How long it goes on serving once it is told to stop: ms. */
  readonly drainDelayMs: number;
}

/** After that delay the API finishes what is under way within 10 s; whoever is not gone by then hangs. */
export const DRAIN_LIMIT_MS = 15_000;

const POLL_MS = 50;
const ANSWER_LIMIT_MS = 1_000;

/**
 * Of answers of half a megabyte the default of 16 MB holds few: what is still being sent would be copied again and again. 32 MB
 * take a fifth from the cost of a search of 1,000 candidates and some 20 MB of memory; 64 and 128 were no better.
 */
export const RUNTIME_FLAGS = ['--max-semi-space-size=32'];

/** The HTTP service, as the supervisor sees it. */
export interface Api {
  /** What ended it, in words; settles when it has. */
  readonly ended: Promise<string>;
  /** Answers true when the service answers requests, false if it ended before it did. */
  isListening(url: string): Promise<boolean>;
  /** Tells it to read its files again; whether it could, it says itself. */
  reload(): void;
  /** Ends it, letting it finish what is under way unless `hurry` settles first. Answers what ended it. */
  stop(hurry: Promise<void>): Promise<string>;
}

/** Asks until the service answers; false once it is no longer running. */
export async function isAnswering(url: string, running: () => boolean): Promise<boolean> {
  while (running()) {
    if (url.startsWith('https:') ? await shakesHands(new URL(url)) : await answers(url)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Whose certificate it has, and whether it wants one of ours, is between the service and its clients. */
function shakesHands({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replaceAll(/[[\]]/g, '');
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, timeout: ANSWER_LIMIT_MS });
    const end = (shaken: boolean): void => {
      socket.destroy();
      resolve(shaken);
    };
    socket.once('secureConnect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

/**
 * The HTTP service in a process of its own. It hears of our death by the end of the channel between us, and ends then,
 * so it never outlives its supervisor for long.
 */
export class ApiProcess implements Api {
  /** What ended it, in words; settles when it has. */
  readonly ended: Promise<string>;
  private running = true;
  private readonly child: ChildProcess;
  private readonly stopLimitMs: number;

  constructor({ databaseUrl, host, port, drainDelayMs }: ApiOptions) {
    this.stopLimitMs = drainDelayMs + DRAIN_LIMIT_MS;
    const main = fileURLToPath(new URL('../../../api/src/main.js', import.meta.url));
    if (!existsSync(main)) throw new Refusal(`${main} is missing: npm run build`);
    this.child = spawn(process.execPath, [...RUNTIME_FLAGS, main], {
      env: { ...process.env, DATABASE_URL: databaseUrl, HOST: host, PORT: `${port}` },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
    });
    void this.ended.then(() => (this.running = false));
  }

  /** Answers true when the service answers requests, false if it ended before it did. */
  isListening(url: string): Promise<boolean> {
    return isAnswering(url, () => this.running);
  }

  /** Not by a signal: that would end a process that is just starting, while the word waits for it. */
  reload(): void {
    if (this.running && this.child.connected) this.child.send(RELOAD_MESSAGE, () => undefined);
  }

  /** Ends it, letting it finish what is under way unless `hurry` settles first. Answers what ended it. */
  async stop(hurry: Promise<void>): Promise<string> {
    this.askToStop();
    const late = sleep(this.stopLimitMs, undefined, { ref: false });
    await Promise.race([this.ended, late, hurry]);
    if (this.running) this.child.kill('SIGKILL');
    return await this.ended;
  }

  /** Windows knows no signal that a process could answer to; there the end of the channel says the same. */
  private askToStop(): void {
    if (!this.running) return;
    if (process.platform === 'win32') this.child.disconnect();
    else this.child.kill('SIGTERM');
  }
}
