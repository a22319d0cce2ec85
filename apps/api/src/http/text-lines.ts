import type { Readable } from 'node:stream';

/** A line of a body, counted from 1. Without text it was too long, and was not kept. */
export interface TextLine {
  readonly number: number;
  readonly bytes: Uint8Array | undefined;
}

const NEWLINE = 0x0a;

/**
 * The lines of a body as they come, empty ones left out. No more is read than is asked for, and no more kept than the line that is being
 * read: one of more than `limitBytes` is let pass without being kept. Ends where the body ends; throws where it breaks off.
 */
export async function* textLines(body: Readable, limitBytes: number): AsyncGenerator<TextLine, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length > limitBytes) parts = [];
    else parts.push(part);
  };
  const take = (): TextLine | undefined => {
    number += 1;
    const bytes = length > limitBytes ? undefined : Buffer.concat(parts);
    parts = [];
    length = 0;
    return bytes !== undefined && isBlank(bytes) ? undefined : { number, bytes };
  };
  // Whoever stops early still has to answer on the same connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line !== undefined) yield line;
    }
    // A copy: what is kept of a chunk shall not keep the whole of it.
    add(Buffer.from(chunk.subarray(from)));
  }
  const last = take();
  if (last !== undefined) yield last;
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
