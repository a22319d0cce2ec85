import { AUDITS } from '#berth/domain';
import type { Command } from 'commander';
import { readAuditRequest, type AuditOptions } from './audit/audit-request.js';
import { runAudits } from './audit/run-audits.js';
import { readConfig } from './config.js';
import { withDatabase, type Say } from './database.js';

/** `berth audit`: what does not add up in the database, and with `--fix` its repair. Exit codes: docs/audit.md. */
export function addAuditCommand(program: Command, say: Say): void {
  program
    .command('audit')
    .description('find what does not add up in the database, and repair it with --fix')
    .option('--fix', 'repair what is found; without it nothing is written')
    .option('--only <audits>', `only these, separated by commas: ${AUDITS.join(', ')}`)
    .option('--json', 'a JSON object for each finding, a line each, and one of sums')
    .option('--older-than <time>', 'unconfirmed-consumers, expired-leases: not used for so long (90s, 45m, 12h, 30d)')
    .option('--type <types>', 'unconfirmed-consumers: of these types, separated by commas')
    .option('--live-consumers <file>', 'unconfirmed-consumers: all that the file does not name, a uuid a line')
    .option('--gone-trait <trait>', 'gone-trees: the trait of a root whose tree is gone (CUSTOM_GONE)')
    .option('--gone-roots <file>', 'gone-trees: the file names the roots instead, a uuid a line')
    .option('--grace <time>', 'expired-leases: over for so long (60s)')
    .action(async (options: AuditOptions) => {
      const config = readConfig(process.env, process.cwd());
      const request = await readAuditRequest(options);
      // Whoever reads JSON reads nothing else from there.
      const tell: Say = request.json ? (line) => process.stderr.write(`Berth: ${line}\n`) : say;
      process.exitCode = await withDatabase(config, tell, ({ directUrl }) => runAudits(directUrl, request));
    });
}
