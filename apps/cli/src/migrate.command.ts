import type { Command } from 'commander';
import { readConfig } from './config.js';
import { bringUpToDate, withDatabase, type Say } from './database.js';

/** `berth migrate`: schema and standard names, without the service. */
export function addMigrateCommand(program: Command, say: Say): void {
  program
    .command('migrate')
    .description('bring the schema and the standard traits and resource classes up to date')
    .option('--serving-role <role>', 'let this role serve, and no more; default: BERTH_SERVING_ROLE')
    .action(async ({ servingRole }: { readonly servingRole?: string }) => {
      const config = readConfig(process.env, process.cwd());
      await withDatabase(config, say, ({ directUrl }) =>
        bringUpToDate(directUrl, say, servingRole ?? config.servingRole),
      );
    });
}
