import type { AuditName, Finding } from '#berth/domain';
import Table from 'cli-table3';
import type { AuditReport, AuditSums, Outcome } from './run-audits.js';

/** Nobody reads more of one audit; `--json` has all. */
const MAX_SHOWN = 100;

/** Colours are for those who see them, and lines for those who compare. */
const PLAIN = { head: [], border: [] };

/** A table for each audit that found something, and one of sums. */
export class TableReport implements AuditReport {
  private rows: string[][] = [];
  private left = 0;
  private readonly sums: { readonly audit: AuditName; readonly sums: AuditSums }[] = [];

  add(_audit: AuditName, { kind, subject, text }: Finding, outcome: Outcome, error?: string): void {
    if (this.rows.length >= MAX_SHOWN) this.left += 1;
    else this.rows.push([outcome, kind, subject, error === undefined ? text : `${text}: ${error}`]);
  }

  endAudit(audit: AuditName, sums: AuditSums): void {
    this.sums.push({ audit, sums });
    if (this.rows.length > 0) {
      const table = new Table({ head: ['outcome', 'kind', 'what', 'why'], style: PLAIN });
      table.push(...this.rows);
      process.stdout.write(`${audit}\n${table.toString()}\n`);
      if (this.left > 0) process.stdout.write(`and ${this.left} more: --json names them all\n`);
    }
    this.rows = [];
    this.left = 0;
  }

  end(): void {
    const columns = ['found', 'repaired', 'changed', 'blocked', 'failed', 'note'] as const;
    const table = new Table({ head: ['audit', 'looked at', ...columns], style: PLAIN });
    for (const { audit, sums } of this.sums) table.push([audit, sums.scanned, ...columns.map((one) => sums[one])]);
    process.stdout.write(`${table.toString()}\n`);
  }
}
