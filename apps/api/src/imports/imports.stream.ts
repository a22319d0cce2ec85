import { Readable } from 'node:stream';
import { LockPool } from '#berth/locks';
import type { ImportedTree, WantedTree } from '#berth/placement';
import { Logger } from '@nestjs/common';
import { toHttpError } from '../http/http-error.js';
import type { TextLine } from '../http/text-lines.js';
import { toImportedTree } from './imports.request.js';
import { appliedLine, failedLine, progressLine, summaryLine, type ImportCounts, type Place } from './imports.view.js';

/** Lines that are read and not answered yet: with the longest of them some 32 MB. */
const LINES_IN_HAND = 8;

/** Trees of one import that are written at once. */
const AT_ONCE = 5;

/** Beyond any wait for a permit of all imports: the tree before it has ended by then. */
const TURN_LIMIT_MS = 600_000;

/** Also where nothing gets on: a sign of life. */
const PROGRESS_MS = 1_000;

/** Answers that a client may leave unread before its lines are left unread, too: some 500 KB, beside what sockets hold. */
const ANSWERS_AHEAD = 2_000;

const logger = new Logger('Imports');

/** Makes one tree what it shall be. */
type Apply = (tree: WantedTree) => Promise<ImportedTree>;

/**
 * Reads trees and answers each as soon as it is done, with progress between and a summary at the end. It reads only as fast as it
 * writes, and no faster than the client reads the answers. Trees with one root are written in the order of their lines. Once
 * `ending` aborts nothing more is read, and what is in hand is finished.
 */
export function importStream(lines: AsyncIterable<TextLine>, apply: Apply, ending: AbortSignal): Readable {
  return Readable.from(new Import(apply).run(lines, ending), { highWaterMark: ANSWERS_AHEAD });
}

class Import {
  private readonly counts: ImportCounts = { done: 0, failed: 0, created: 0, changed: 0, removed: 0 };
  private readonly answers: string[] = [];
  private readonly roots = new LockPool({ name: 'trees of one import', capacity: AT_ONCE });
  private inHand = 0;
  private isReading = false;
  /** Whether there is more to read, and if not, whether all was read. */
  private body: 'open' | 'complete' | 'broken' = 'open';
  private isDue = false;
  private readonly something = new Bell();

  constructor(private readonly apply: Apply) {}

  async *run(lines: AsyncIterable<TextLine>, ending: AbortSignal): AsyncGenerator<string> {
    const iterator = lines[Symbol.asyncIterator]();
    const stop = (): void => {
      if (this.body === 'open') this.body = 'broken';
      this.something.ring();
    };
    const tick = (): void => {
      this.isDue = true;
      this.something.ring();
    };
    ending.addEventListener('abort', stop, { once: true });
    if (ending.aborted) stop();
    const ticking = setInterval(tick, PROGRESS_MS).unref();
    try {
      while (this.body === 'open' || this.inHand > 0) {
        if (this.body === 'open' && !this.isReading && this.inHand < LINES_IN_HAND) void this.read(iterator);
        await this.something.rung();
        yield* this.answers.splice(0);
        if (!this.isDue) continue;
        this.isDue = false;
        yield progressLine(this.counts);
      }
      yield* this.answers.splice(0);
      yield summaryLine(this.counts, this.body === 'complete');
    } finally {
      clearInterval(ticking);
      ending.removeEventListener('abort', stop);
      // Nobody reads the answers any more: nothing new is begun.
      if (this.body === 'open') this.body = 'broken';
    }
  }

  /** A body that breaks off ends the import. */
  private async read(iterator: AsyncIterator<TextLine>): Promise<void> {
    this.isReading = true;
    try {
      const { done, value } = (await iterator.next()) as IteratorResult<TextLine, undefined>;
      if (this.body !== 'open') return;
      if (done === true) this.body = 'complete';
      else void this.answer(value);
    } catch (error) {
      logger.debug(`the body of an import broke off: ${(error as Error).message}`);
      this.body = 'broken';
    } finally {
      this.isReading = false;
      this.something.ring();
    }
  }

  private async answer(line: TextLine): Promise<void> {
    this.inHand += 1;
    const place: Place = { line: line.number, rootUuid: undefined };
    try {
      const tree = toImportedTree(line);
      place.rootUuid = tree.rootUuid;
      const done = await this.roots.use(tree.rootUuid, { waitMs: TURN_LIMIT_MS }, () => this.apply(tree));
      this.counts.done += 1;
      this.counts.created += done.created.length;
      this.counts.changed += done.changed.length;
      this.counts.removed += done.removed.length;
      this.answers.push(appliedLine(place, done));
    } catch (error) {
      this.counts.failed += 1;
      if (toHttpError(error).status >= 500) logger.error(`line ${line.number}: ${(error as Error).stack}`);
      this.answers.push(failedLine(place, error));
    }
    this.inHand -= 1;
    this.something.ring();
  }
}

/** Wakes who waits for it; rung while nobody does, the next doesn't wait. */
class Bell {
  private wasRung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.wasRung = true;
    this.wake?.();
  }

  async rung(): Promise<void> {
    if (!this.wasRung) await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = undefined;
    this.wasRung = false;
  }
}
