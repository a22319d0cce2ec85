const WIDTH = 30;
const LINE_EVERY_MS = 5_000;

/** Shows on standard error how far something has got: a bar on a terminal, otherwise a line every few seconds. */
export class Progress {
  private saidAt = performance.now();
  private readonly begin = this.saidAt;

  constructor(private readonly title: string) {}

  show(done: number, total: number): void {
    if (total === 0) return;
    const now = performance.now();
    const rate = done / Math.max(0.001, (now - this.begin) / 1_000);
    const facts = `${done}/${total} (${Math.round(rate)}/s)`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${this.title} ${bar(done / total, WIDTH)} ${facts}`);
    } else if (now - this.saidAt >= LINE_EVERY_MS) {
      this.saidAt = now;
      process.stderr.write(`${this.title}: ${facts}\n`);
    }
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}

/** A bar of this many characters between brackets, filled by the share (0 to 1). */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
}
