import type { Command } from 'commander';
import { readConfig } from './config.js';
import type { Say } from './database.js';
import { serve } from './serve/serve.js';

/** `berth serve`: the service with all it needs. */
export function addServeCommand(program: Command, say: Say): void {
  program
    .command('serve')
    .description('run the service; without DATABASE_URL with a PostgreSQL of its own')
    .action(async () => {
      process.exitCode = await serve(readConfig(process.env, process.cwd()), say);
    });
}
