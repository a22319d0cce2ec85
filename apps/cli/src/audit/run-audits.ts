import type { AuditName, Finding } from '#berth/domain';
import { AuditExtent, AuditModule, AuditsService } from '#berth/placement';
import { StoreModule } from '#berth/store';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { withMigrated } from '../database.js';
import type { AuditRequest } from './audit-request.js';
import { JsonReport } from './json-report.js';
import { AuditProgress } from './progress.js';
import { TableReport } from './table-report.js';

/** What became of a finding. 'blocked': it can't be repaired from here. */
export type Outcome = 'found' | 'repaired' | 'changed' | 'blocked' | 'failed' | 'note';

/** Where findings go. */
export interface AuditReport {
  add(audit: AuditName, finding: Finding, outcome: Outcome, error?: string): void;
  /** All that an audit found was added. */
  endAudit(audit: AuditName, sums: AuditSums): void;
  end(): void;
}

/** How many rows were looked at, and what became of the findings. */
export type AuditSums = { readonly scanned: number } & Readonly<Record<Outcome, number>>;

@Module({})
class AuditRun {}

/** Looks, repairs where that is wanted, and reports. Answers the exit code: 0 all is well, 2 something is left, 1 it failed. */
export async function runAudits(url: string, request: AuditRequest): Promise<number> {
  await withMigrated(url, () => Promise.resolve());
  const app = await NestFactory.createApplicationContext(
    { module: AuditRun, imports: [StoreModule.forRoot({ url }), AuditModule] },
    { logger: ['error', 'warn'], abortOnError: false },
  );
  const report = request.json ? new JsonReport() : new TableReport();
  const codes: number[] = [];
  try {
    for (const name of request.names) codes.push(exitCode(await runAudit(app, name, request, report)));
    report.end();
  } finally {
    await app.close();
  }
  return codes.includes(1) ? 1 : Math.max(0, ...codes);
}

function exitCode({ failed, found, blocked }: AuditSums): number {
  if (failed > 0) return 1;
  return found + blocked > 0 ? 2 : 0;
}

async function runAudit(
  app: INestApplicationContext,
  name: AuditName,
  { fix, criteria }: AuditRequest,
  report: AuditReport,
): Promise<AuditSums> {
  const audits = app.get(AuditsService);
  const progress = new AuditProgress(name, await app.get(AuditExtent).estimate(name));
  const sums = { scanned: 0, found: 0, repaired: 0, changed: 0, blocked: 0, failed: 0, note: 0 };
  const settle = async (finding: Finding): Promise<void> => {
    const { outcome, error } = await outcomeOf(finding, fix);
    sums[outcome] += 1;
    report.add(name, finding, outcome, error);
  };
  try {
    for await (const { scanned, findings } of audits.look(name, criteria)) {
      sums.scanned += scanned;
      const atOnce = fix ? audits.repairsAtOnce(name) : findings.length;
      for (let at = 0; at < findings.length; at += atOnce) {
        await Promise.all(findings.slice(at, at + atOnce).map(settle));
      }
      progress.update(sums.scanned, sums.found + sums.repaired + sums.blocked);
    }
  } finally {
    progress.end();
  }
  report.endAudit(name, sums);
  return sums;
}

/** A repair that fails is told, and the others go on. */
async function outcomeOf(
  { isNote, repair }: Finding,
  fix: boolean,
): Promise<{ readonly outcome: Outcome; readonly error?: string }> {
  if (isNote) return { outcome: 'note' };
  if (repair === undefined) return { outcome: 'blocked' };
  if (!fix) return { outcome: 'found' };
  try {
    return { outcome: await repair() };
  } catch (error) {
    return { outcome: 'failed', error: (error as Error).message };
  }
}
