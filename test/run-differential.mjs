import { runCompiled } from './run-compiled.mjs';

/** `npm run differential -- --peer URL [options]`: compares Berth with a Placement. */

const SOURCES = ['test/differential', 'test/fuzz', 'test/locks', 'test/support', 'libs/candidates/test-support'];
runCompiled(SOURCES, 'test/differential/main.js', process.argv.slice(2));
