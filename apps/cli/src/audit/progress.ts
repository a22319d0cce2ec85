import type { AuditName } from '#berth/domain';
import { SingleBar } from 'cli-progress';

/** How far an audit is, on stderr, for a person who watches. */
export class AuditProgress {
  private readonly bar: SingleBar | undefined;

  /** `rows`: so many it has to go through, about; 0: nobody knows. */
  constructor(
    name: AuditName,
    private readonly rows: number,
  ) {
    if (!process.stderr.isTTY) return;
    const format = `${name} {bar} {value} rows, {found} found`;
    this.bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true, hideCursor: false });
    this.bar.start(Math.max(rows, 1), 0, { found: 0 });
  }

  update(scanned: number, found: number): void {
    // The estimate may be old.
    if (scanned > this.rows) this.bar?.setTotal(scanned);
    this.bar?.update(scanned, { found });
  }

  end(): void {
    this.bar?.stop();
  }
}
