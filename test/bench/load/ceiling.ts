import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { CEILING } from '../workload/workloads.js';
import { SEED } from '../world/world.js';
import { Generators } from './generators.js';

export interface Ceiling {
  readonly concurrency: number;
  readonly perSecond: number;
  readonly generatorCpuMs: number;
}

const CHILD = 'ceiling-server';
const SECONDS = 1;
const TAG = '0'.repeat(12);

/** How many requests a second the generators themselves can send, to a server of node:http that answers two bytes. */
export async function measureCeiling(generators: number, concurrencies: readonly number[]): Promise<Ceiling[]> {
  const server = fork(fileURLToPath(import.meta.url), [CHILD]);
  const senders = new Generators(generators);
  try {
    const [url] = (await once(server, 'message')) as [string];
    await senders.enter({ url, token: '-', minor: 0 }, { kind: 'flat', size: 0, seed: SEED, tag: TAG });
    const found: Ceiling[] = [];
    for (const concurrency of concurrencies) {
      await senders.prepare(CEILING.id, concurrency, 0);
      await senders.go(SECONDS / 2, Number.MAX_SAFE_INTEGER);
      const results = await senders.go(SECONDS, Number.MAX_SAFE_INTEGER);
      const sent = results.reduce((sum, { ok }) => sum + ok, 0);
      const elapsedMs = Math.max(...results.map((result) => result.elapsedMs));
      const cpuMs = results.reduce((sum, { generatorCpuMs }) => sum + generatorCpuMs, 0);
      found.push({ concurrency, perSecond: (sent / elapsedMs) * 1_000, generatorCpuMs: cpuMs / Math.max(1, sent) });
    }
    return found;
  } finally {
    await senders.stop();
    const ended = once(server, 'exit');
    server.disconnect();
    await ended;
  }
}

if (process.argv[2] === CHILD) {
  const server = createServer((_, response) => response.end('{}'));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address) process.send?.(`http://127.0.0.1:${address.port}`);
  });
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined);
}
