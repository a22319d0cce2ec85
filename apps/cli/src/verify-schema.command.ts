import { verifySchema } from '#berth/store';
import type { Command } from 'commander';
import { readConfig } from './config.js';
import { withConnection, withDatabase, type Say } from './database.js';

/** `berth verify-schema`: says what differs from the schema this version expects; exit code 1 if anything does. */
export function addVerifySchemaCommand(program: Command, say: Say): void {
  program
    .command('verify-schema')
    .description('compare the schema of the database with the one this version expects')
    .action(async () => {
      const config = readConfig(process.env, process.cwd());
      const differences = await withDatabase(config, say, ({ directUrl }) => withConnection(directUrl, verifySchema));
      for (const difference of differences) say(difference);
      say(differences.length === 0 ? 'the schema is as expected' : `${differences.length} differences`);
      process.exitCode = differences.length === 0 ? 0 : 1;
    });
}
