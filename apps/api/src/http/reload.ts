import { log } from './log-line.js';

const reloads = new Map<string, () => Promise<void> | void>();

/**
 * Has something read again when the process gets SIGHUP. What throws has kept what it had: it is said loudly, and the others
 * are read all the same.
 */
export function onReload(name: string, reload: () => Promise<void> | void): void {
  if (reloads.size === 0) process.on('SIGHUP', () => void reloadAll());
  reloads.set(name, reload);
}

async function reloadAll(): Promise<void> {
  for (const [name, reload] of reloads) {
    try {
      await reload();
    } catch (error) {
      log('error', `reload of ${name} failed, what was read before still holds: ${(error as Error).message}`);
    }
  }
}
