import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../support/wait-for.js';

/** What a holder is to hold, and to write to. */
export interface HolderOrder {
  readonly url: string;
  readonly lockspace: string;
  readonly name: string;
  readonly provider: string;
  readonly leaseMs: number;
}

const SCRIPT = fileURLToPath(new URL('paused-holder.mjs', import.meta.url));

/** A process that stops between the look whether it holds a lock and the write that it makes under it. */
export class HolderProcess {
  private readonly child: ChildProcessWithoutNullStreams = spawn(process.execPath, [SCRIPT], { stdio: 'pipe' });
  private readonly lines: AsyncIterator<string>;

  constructor() {
    this.child.stderr.pipe(process.stderr);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Lets it take the lock and stop. Answers when it is stopped, with its token, and whether it saw itself hold it. */
  async hold(order: HolderOrder): Promise<{ readonly token: number; readonly holds: boolean }> {
    this.child.stdin.write(`${JSON.stringify(order)}\n`);
    const held = (await this.line()) as { readonly token: number; readonly holds: boolean };
    await waitFor(() => this.isStopped(), { what: 'the holder to stop' });
    return held;
  }

  /** Lets it go on and write. Answers what came of that. */
  async goOn(): Promise<{ readonly status: number; readonly code?: string }> {
    this.child.kill('SIGCONT');
    return (await this.line()) as { readonly status: number; readonly code?: string };
  }

  async end(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async line(): Promise<unknown> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('the holder ended');
    return JSON.parse(value);
  }

  private isStopped(): boolean {
    return /^State:\tT/m.test(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'));
  }
}
