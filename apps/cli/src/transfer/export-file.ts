import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { PassThrough, Readable, pipeline as connect } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, createGzip } from 'node:zlib';
import { Refusal } from '../refusal.js';

/** Stands for standard input, or output. */
export const STANDARD = '-';

/**
 * Gives `work` a way to write lines to a file, or to standard output, packed where `gzip` is wanted. The file has its name only
 * when it is whole: until then it is called `<path>.part`, and where the work fails it is removed.
 */
export async function writingTo<T>(
  path: string,
  gzip: boolean,
  work: (write: (lines: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const part = path === STANDARD ? undefined : `${path}.part`;
  const sink = part === undefined ? process.stdout : createWriteStream(part, { mode: 0o600 });
  const first = new PassThrough();
  const written = pipeline([first, ...(gzip ? [createGzip()] : []), sink], { end: part !== undefined }).catch(
    (cause: Error) => {
      throw new Refusal(`${path === STANDARD ? 'standard output' : path} cannot be written: ${cause.message}`, {
        cause,
      });
    },
  );
  written.catch(() => undefined);
  try {
    const result = await work(async (lines) => {
      if (!first.write(lines)) await Promise.race([once(first, 'drain'), written]);
    });
    first.end();
    await written;
    if (part === undefined) await new Promise((resolve) => sink.write('', resolve));
    else await keep(part, path);
    return result;
  } catch (error) {
    first.destroy();
    if (part !== undefined) await rm(part, { force: true });
    throw error;
  }
}

/** The pieces of a file, or of standard input, unpacked where they are packed. */
export async function* readingFrom(path: string): AsyncGenerator<string> {
  const source: Readable = path === STANDARD ? process.stdin : createReadStream(path);
  const decoder = new StringDecoder('utf8');
  try {
    for await (const piece of unpacked(source)) yield decoder.write(piece);
    yield decoder.end();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Refusal(`${path} cannot be read: ${message}`, { cause: error });
  } finally {
    source.destroy();
  }
}

const GZIP = [0x1f, 0x8b] as const;

/** What is packed says so in its first two bytes, whatever its name. */
async function* unpacked(source: Readable): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const head = await pieces.next();
  if (head.done) return;
  const whole = Readable.from(following(head.value, pieces), { objectMode: false });
  if (head.value[0] !== GZIP[0] || head.value[1] !== GZIP[1]) return yield* whole;
  // What breaks one of the two breaks the reading of the other.
  yield* connect(whole, createGunzip(), () => undefined);
}

async function* following(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) yield piece.value;
}

/** On the disk before it has its name. */
async function keep(part: string, path: string): Promise<void> {
  const file = await open(part, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}
