import { runCompiled } from './run-compiled.mjs';

/** `npm run fuzz -- [options]`: fires garbled requests at a service. */

runCompiled(['test/fuzz', 'test/locks', 'test/support'], 'test/fuzz/main.js', process.argv.slice(2));
