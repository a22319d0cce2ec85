import { isatty } from 'node:tty';
import { log } from './log.js';

type Reload = () => Promise<void> | void;

const reloads = new Map<string, Reload>();

/** What the supervisor says to its processes when it got SIGHUP; the same word stands in apps/cli/src/serve. */
const RELOAD_MESSAGE = 'berth:reload';

/** Calls `reload` whenever the service is told to read its files again; it throws if it can't, and keeps what it had. */
export function onReload(name: string, reload: Reload): void {
  reloads.set(name, reload);
}

/**
 * From now on SIGHUP, or the word of the supervisor, reads files again. A service that was started by hand at a terminal
 * ends with that terminal instead.
 */
export function listenForReload(): void {
  let last = Promise.resolve();
  const reload = (): void => {
    // One after the other: the last one to be told has seen the newest files.
    last = last.then(reloadAll);
  };
  const supervised = process.send !== undefined;
  if (supervised || !(isatty(0) || isatty(1))) process.on('SIGHUP', reload);
  if (!supervised) return;
  process.on('message', (message) => {
    if (message === RELOAD_MESSAGE) reload();
  });
}

/** Reloads everything; what fails is told, and keeps nobody else from being reloaded. */
export async function reloadAll(): Promise<void> {
  if (reloads.size === 0) log.info({}, 'nothing to reload');
  for (const [name, reload] of reloads) {
    try {
      await reload();
      log.info({ what: name }, 'reloaded');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ what: name, reason }, 'not reloaded: what was in force stays');
    }
  }
}
