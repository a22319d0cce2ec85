import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, runCompiled } from './run-compiled.mjs';

/**
 * `npm run bench -- [name] [options]`: compiles `test/bench` beside the built libraries and runs `test/bench/<name>.ts`,
 * with the options that follow; without a name, `service.ts`. The libraries must have been built.
 */

const DEFAULT = 'service';

const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && !first.startsWith('-');
const name = named ? first : DEFAULT;
const args = named ? rest : process.argv.slice(2);

const known = readdirSync(join(PROJECT, 'test', 'bench'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
if (!known.includes(name)) {
  console.error(`there is no bench "${name}"; there are: ${known.join(', ')}`);
  process.exit(1);
}

runCompiled(['test/bench', 'test/support'], join('test', 'bench', `${name}.js`), args);
