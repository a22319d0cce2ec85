import type { AuditName, Finding } from '#berth/domain';
import type { AuditReport, AuditSums, Outcome } from './run-audits.js';

/** A line of JSON for each finding, as it is settled, and a last one with the sums. */
export class JsonReport implements AuditReport {
  private readonly sums: Partial<Record<AuditName, AuditSums>> = {};

  add(audit: AuditName, { kind, subject, text, facts }: Finding, outcome: Outcome, error?: string): void {
    write({ audit, kind, subject, outcome, text, facts, ...(error !== undefined && { error }) });
  }

  endAudit(audit: AuditName, sums: AuditSums): void {
    this.sums[audit] = sums;
  }

  end(): void {
    write({ summary: this.sums });
  }
}

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
