import { runCompiled } from './run-compiled.mjs';

/** `npm run soak:locks -- [options]`, `npm run soak:faults -- [options]`. */
const SOAKS = { locks: ['test/locks'], faults: ['test/faults/soak', 'test/faults/database-proxy.ts'] };

const [name, ...args] = process.argv.slice(2);
runCompiled([...SOAKS[name], 'test/support'], `test/${name}/soak/main.js`, args);
