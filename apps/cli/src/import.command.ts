import { DeploymentImport } from '#berth/placement';
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig } from './config.js';
import { bringUpToDate, withDatabase, type Say } from './database.js';
import { Refusal } from './refusal.js';
import { readingFrom, STANDARD } from './transfer/export-file.js';
import { importFromPlacement } from './transfer/import-placement.js';
import { progressBar } from './transfer/progress-bar.js';
import { inWords } from './transfer/totals.js';
import { withRooms } from './transfer/transfer-rooms.js';

interface ImportFlags {
  readonly resume: boolean;
  readonly dryRun: boolean;
  readonly fromPlacement?: string;
  readonly token?: string;
  readonly insecureHttp: boolean;
  readonly concurrency: number;
  readonly passes: number;
}

/** `berth import`: an export, or a Placement that is running, into a new database. */
export function addImportCommand(program: Command, say: Say): void {
  program
    .command('import')
    .description('write what berth export wrote, or what another Placement holds, into a new, empty database')
    .argument('[file]', 'the file; - is standard input')
    .option('--resume', 'go on with an import that was begun', false)
    .option('--dry-run', 'check source and database, and write nothing', false)
    .option('--from-placement <url>', 'copy the Placement that answers there')
    .option('--token <token>', 'its token; others on this machine can see it here: better in BERTH_IMPORT_TOKEN')
    .option('--insecure-http', 'send tokens to another machine without encryption', false)
    .option('--concurrency <n>', 'requests to the Placement at once', countUpTo(64), 8)
    .option('--passes <n>', 'how often to look again for what has changed meanwhile', countUpTo(1_000), 5)
    .action(async (file: string | undefined, flags: ImportFlags) => {
      const config = readConfig(process.env, process.cwd());
      const { fromPlacement: placementUrl, token } = flags;
      if ((file === undefined) === (placementUrl === undefined)) {
        throw new Refusal('berth import: name either a file (- for standard input) or --from-placement <url>');
      }
      await withDatabase(config, say, async ({ directUrl: url }) => {
        if (file !== undefined) return await importFile(url, file, flags, say);
        process.exitCode = await importFromPlacement(url, { ...flags, url: placementUrl ?? '', token }, say);
      });
    });
}

async function importFile(url: string, file: string, { resume, dryRun }: ImportFlags, say: Say): Promise<void> {
  await bringUpToDate(url, say);
  await withRooms(url, async ({ transactions, store, target }) => {
    await target.demandOpen('file', resume);
    const progress = progressBar();
    // Before anything is written; standard input can be read but once.
    if (dryRun || file !== STANDARD) {
      say(`the file is whole: ${inWords(await DeploymentImport.check(readingFrom(file), progress))}`);
    }
    if (dryRun) return;
    const totals = await new DeploymentImport(transactions, store, target).run(readingFrom(file), { resume, progress });
    say(`imported and verified ${inWords(totals)}`);
  });
  // The standard names that this version has and the exporting one had not.
  await bringUpToDate(url, say);
}

function countUpTo(most: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (Number.isInteger(count) && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`expected a number from 1 to ${most}`);
  };
}
