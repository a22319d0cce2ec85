import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownOf } from './report/markdown.js';
import { plotOf } from './report/plot.js';
import { listenForInterruption } from './service/interruption.js';
import { readOptions, USAGE, type Options } from './service/options.js';
import { runBench } from './service/run.js';
import { selfTest } from './service/self-check.js';

/** `npm run bench`: measures the service, or two of them side by side. docs/benchmarks.md says how to read the result. */
async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options.help) return void process.stdout.write(USAGE);
  if (options.selfTest) return void process.stdout.write(`${selfTest()} checks passed\n`);
  listenForInterruption();
  const result = await runBench(options, ['npm run bench --', ...args].join(' '));
  const markdown = markdownOf(result);
  process.stdout.write(`\n${markdown}\n`);
  write(options, `${JSON.stringify(result, null, 2)}\n`, 'json', result.startedAt);
  write(options, markdown, 'md', result.startedAt);
  const plot = plotOf(result.cells);
  if (plot !== undefined) write(options, plot, 'svg', result.startedAt);
  if (result.cells.some(({ failed }) => failed > 0)) process.exitCode = 1;
}

function write({ out }: Options, content: string, extension: string, startedAt: string): void {
  mkdirSync(out, { recursive: true });
  const file = join(out, `${startedAt.slice(0, 19).replaceAll(':', '')}.${extension}`);
  writeFileSync(file, content);
  process.stdout.write(`${file}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
