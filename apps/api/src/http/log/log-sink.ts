import { write, writeSync } from 'node:fs';

/** Each write to the system costs more than all the lines in it: so much is gathered first. In characters. */
const GATHERED = 32 * 1024;

/** And for so long: who follows the log sees a line this late at most: ms. */
const GATHER_MS = 100;

/** What a reader that has stopped reading may hold up in memory; lines beyond it are lost, requests are not. In characters. */
const MAX_HELD = 16 * 1024 * 1024;

/** How long to wait for room where the output has none at the moment, and how often at the end of the process: ms. */
const RETRY_MS = 50;
const LAST_TRIES = 20;

const STDOUT = 1;

/**
 * Takes lines and writes them to the standard output in portions, without ever waiting for it. A line costs 4 µs this
 * way, and 9 where each goes to the stream by itself. Not with pino's own stream (sonic-boom 4.2): a process that ends while
 * nobody reads its output any more would try to get its last lines out for ever.
 */
export class LogSink {
  private gathered = '';
  /** On its way; what comes meanwhile waits for it. */
  private leaving: Buffer | undefined;
  /** Whether there was no room for that. */
  private isHeldUp = false;
  private timer: NodeJS.Timeout | undefined;
  private nobodyReads = false;
  private waiting: (() => void)[] = [];

  constructor() {
    process.once('exit', () => this.flushNow());
  }

  write(line: string): void {
    if (this.nobodyReads || this.gathered.length > MAX_HELD) return;
    this.gathered += line;
    if (this.gathered.length >= GATHERED) this.begin();
    else this.timer ??= setTimeout(() => this.begin(), GATHER_MS).unref();
  }

  /** Resolves once all that was written is out, or cannot get out. */
  flush(): Promise<void> {
    this.begin();
    if (this.leaving === undefined) return Promise.resolve();
    return new Promise((resolve) => void this.waiting.push(resolve));
  }

  private begin(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.leaving !== undefined || this.gathered === '') return;
    const lines = this.gathered;
    this.gathered = '';
    this.send(Buffer.from(lines));
  }

  private send(bytes: Buffer): void {
    this.leaving = bytes;
    this.isHeldUp = false;
    write(STDOUT, bytes, (error, written) => {
      this.isHeldUp = isFull(error);
      if (this.isHeldUp) setTimeout(() => this.send(bytes), RETRY_MS);
      else if (error !== null) this.giveUp();
      else if (written < bytes.length) this.send(bytes.subarray(written));
      else this.sent();
    });
  }

  private sent(): void {
    this.leaving = undefined;
    if (this.gathered.length >= GATHERED || this.waiting.length > 0) this.begin();
    if (this.leaving === undefined) this.release();
  }

  /** Nobody reads any more. The service goes on, as it would with its log turned off. */
  private giveUp(): void {
    this.nobodyReads = true;
    this.leaving = undefined;
    this.gathered = '';
    this.release();
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** For a process that ends this moment. What is on its way gets there by itself. */
  private flushNow(): void {
    const heldUp = this.isHeldUp && this.leaving !== undefined ? [this.leaving] : [];
    let bytes = Buffer.concat([...heldUp, Buffer.from(this.gathered)]);
    for (let tries = 0; bytes.length > 0 && tries < LAST_TRIES; tries += 1) {
      try {
        bytes = bytes.subarray(writeSync(STDOUT, bytes));
      } catch (error) {
        if (!isFull(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EAGAIN';
}
