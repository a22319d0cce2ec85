import { tmpdir } from 'node:os';
import { berth } from './berth-command.js';

export interface AuditLine {
  readonly audit: string;
  readonly kind: string;
  readonly subject: string;
  readonly outcome: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface AuditResult {
  readonly code: number | string;
  readonly lines: readonly AuditLine[];
  /** Kind, subject and outcome of each line: all that most tests compare. */
  readonly found: readonly string[];
  readonly output: string;
}

/** Runs `berth audit --json` on a database and reads what it says. */
export async function audit(databaseUrl: string, ...args: readonly string[]): Promise<AuditResult> {
  const command = berth(['audit', '--json', ...args], tmpdir(), { DATABASE_URL: databaseUrl });
  const code = await command.ended;
  const output = command.output();
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{"audit"'))
    .map((line) => JSON.parse(line) as AuditLine);
  return {
    code,
    lines,
    output,
    found: lines.map(({ kind, subject, outcome }) => `${outcome} ${kind} ${subject}`).sort(),
  };
}
