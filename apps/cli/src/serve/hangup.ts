import { isatty } from 'node:tty';

/** What the processes of the API take for "read your files again"; the same word stands in apps/api/src/http. */
export const RELOAD_MESSAGE = 'berth:reload';

/**
 * Whether SIGHUP says that a terminal was closed, and nobody would see what goes on. Without one, at a service manager,
 * it is the customary word for "read your files again".
 */
export function hangupMeansStop(): boolean {
  return isatty(0) || isatty(1);
}
