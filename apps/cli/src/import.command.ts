import { DeploymentImport } from '#berth/placement';
import type { Command } from 'commander';
import { readConfig } from './config.js';
import { bringUpToDate, withDatabase, type Say } from './database.js';
import { Refusal } from './refusal.js';
import { readingFrom, STANDARD } from './transfer/export-file.js';
import { progressBar } from './transfer/progress-bar.js';
import { inWords } from './transfer/totals.js';
import { withRooms } from './transfer/transfer-rooms.js';

interface ImportFlags {
  readonly resume: boolean;
  readonly dryRun: boolean;
}

/** `berth import`: an export into a new database. */
export function addImportCommand(program: Command, say: Say): void {
  program
    .command('import')
    .description('write what berth export wrote into a new, empty database')
    .argument('[file]', 'the file; - is standard input')
    .option('--resume', 'go on with an import that was begun', false)
    .option('--dry-run', 'check the file and the database, and write nothing', false)
    .action(async (file: string | undefined, flags: ImportFlags) => {
      const config = readConfig(process.env, process.cwd());
      if (file === undefined) throw new Refusal('berth import: name the file to import, or - for standard input');
      await withDatabase(config, say, ({ url }) => importFile(url, file, flags, say));
    });
}

async function importFile(url: string, file: string, { resume, dryRun }: ImportFlags, say: Say): Promise<void> {
  await bringUpToDate(url, say);
  await withRooms(url, async ({ transactions, store, target }) => {
    await target.demandOpen('file', resume);
    const progress = progressBar();
    // Before anything is written; standard input can be read but once.
    if (dryRun || file !== STANDARD)
      say(`the file is whole: ${inWords(await DeploymentImport.check(readingFrom(file), progress))}`);
    if (dryRun) return;
    const totals = await new DeploymentImport(transactions, store, target).run(readingFrom(file), { resume, progress });
    say(`imported and verified ${inWords(totals)}`);
  });
  // The standard names that this version has and the exporting one had not.
  await bringUpToDate(url, say);
}
