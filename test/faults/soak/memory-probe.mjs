/**
 * Loaded into each process of the service before its own code: at SIGUSR2 it collects what nobody uses any more, and says
 * in one line how much memory is left in use.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGUSR2', () => {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ memory: { pid: process.pid, rss, used: heapUsed + external } })}\n`);
});
