import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ImportedTree, WantedTree } from '#berth/placement';
import type { TextLine } from '../http/text-lines.js';
import { importStream } from './imports.stream.js';

const NOTHING_DONE: ImportedTree = { created: [], changed: [], removed: [] };

/** Lines without end, and how many of them were read. */
function endless(): { readonly lines: AsyncIterable<TextLine>; readonly read: () => number } {
  let number = 0;
  async function* make(): AsyncGenerator<TextLine> {
    for (;;) {
      const uuid = randomUUID();
      const tree = { providers: [{ uuid, name: uuid, parent_provider_uuid: null, generation: null }] };
      yield { number: (number += 1), bytes: Buffer.from(JSON.stringify(tree)) };
      await sleep(0);
    }
  }
  return { lines: make(), read: () => number };
}

/** Until nothing is read any more. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; before !== read();) {
    before = read();
    await sleep(150);
  }
  return read();
}

describe('an import', () => {
  it('reads no further than eight lines ahead of what is written, and writes five at once', async () => {
    let writing = 0;
    let finish = (): void => undefined;
    const end = new Promise<ImportedTree>((resolve) => (finish = () => resolve(NOTHING_DONE)));
    const never = (_: WantedTree): Promise<ImportedTree> => {
      writing += 1;
      return end;
    };
    const { lines, read } = endless();
    const stream = importStream(lines, never, new AbortController().signal);
    stream.on('data', () => undefined);
    expect([await settled(read), writing]).toEqual([8, 5]);
    stream.destroy();
    finish();
    await settled(() => writing);
    expect(writing).toBe(8);
  });

  it('reads no further than its client reads the answers', async () => {
    const { lines, read } = endless();
    const stream = importStream(lines, () => Promise.resolve(NOTHING_DONE), new AbortController().signal);
    stream.once('readable', () => undefined);
    const most = await settled(read);
    expect(most).toBeGreaterThan(1_900);
    expect(most).toBeLessThan(2_100);
    stream.destroy();
  });

  it('reads nothing more once its client is gone', async () => {
    const { lines, read } = endless();
    const stream = importStream(lines, () => Promise.resolve(NOTHING_DONE), new AbortController().signal);
    stream.on('data', () => read() > 20 && stream.destroy());
    expect(await settled(read)).toBeLessThan(40);
  });
});
