import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT, run } from './run-compiled.mjs';

/**
 * `npm run soak:properties -- [--seconds n] [name ...]`: holds every property of the tests, or those of files whose paths
 * contain a name, for n seconds each against random cases. What fails names its seed and path for fast-check.
 */

const FOLDERS = ['apps', 'libs', 'test'];
/** Some properties are in tests with a limit of two minutes. */
const MOST_SECONDS = 100;

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '30' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
  console.error(`--seconds: a number up to ${MOST_SECONDS} was expected, not '${values.seconds}'`);
  process.exit(2);
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
).filter(
  (path) =>
    path.endsWith('spec.ts') &&
    (positionals.length === 0 || positionals.some((name) => path.includes(name))) &&
    readFileSync(join(PROJECT, path), 'utf8').includes('fc.assert('),
);
if (files.length === 0) {
  console.error('no file with a property has such a name');
  process.exit(2);
}

process.env.BERTH_PROPERTY_SECONDS = String(seconds);
const jest = join('node_modules', '.bin', 'jest');
run('--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--runTestsByPath', ...files);
