import { DeploymentExport } from '#berth/placement';
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig } from './config.js';
import { withDatabase, type Say } from './database.js';
import { STANDARD, writingTo } from './transfer/export-file.js';
import { progressBar } from './transfer/progress-bar.js';
import { inWords } from './transfer/totals.js';
import { withRooms } from './transfer/transfer-rooms.js';

interface ExportFlags {
  readonly out: string;
  readonly gzip: boolean;
}

/** `berth export`: all that a deployment holds, as lines. */
export function addExportCommand(program: Command, version: string): void {
  program
    .command('export')
    .description('write all that the deployment holds to a file that berth import takes')
    .option('--out <file>', 'where to; - is standard output', fileName, STANDARD)
    .option('--gzip', 'pack it; a name that ends in .gz does so too', false)
    .action(async ({ out, gzip }: ExportFlags) => {
      const config = readConfig(process.env, process.cwd());
      await withDatabase(config, say, ({ directUrl: url }) =>
        withRooms(url, async ({ transactions, store }) => {
          const progress = progressBar();
          const totals = await writingTo(out, gzip || out.endsWith('.gz'), (write) =>
            new DeploymentExport(transactions, store).run({ berth: version, write, progress }),
          );
          say(`exported ${inWords(totals)}`);
        }),
      );
    });
}

/** Not to standard output, where the lines go. */
const say: Say = (line) => {
  process.stderr.write(`Berth: ${line}\n`);
};

function fileName(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected the name of a file, or -');
  return value;
}
