import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.js';

const POLL_MS = 200;

/** Waits until nobody listens on the port. Throws a `Refusal` if it is taken for longer than `limitMs`. */
export async function waitForFreePort(host: string, port: number, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const failure = await tryPort(host, port);
    if (failure === undefined) return;
    if (failure.code !== 'EADDRINUSE') throw new Refusal(`cannot listen on ${host}, port ${port}: ${failure.message}`);
    if (Date.now() >= deadline) {
      throw new Refusal(`PORT: '${port}', expected a free port: another program is listening on ${host}:${port}`);
    }
    await sleep(POLL_MS);
  }
}

function tryPort(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
