import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Refusal } from '../refusal.js';

/** What a file names: in its own spelling, and in one that all spellings of a uuid share. */
export interface NamedUuids {
  readonly uuids: readonly string[];
  readonly keys: ReadonlySet<string>;
}

/** With and without hyphens, in either case, it is the same one. */
export function uuidKey(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase();
}

/** Reads a uuid a line; empty lines and what begins with # are passed over. Throws a Refusal at the first line that is none. */
export async function readUuids(path: string): Promise<NamedUuids> {
  const uuids: string[] = [];
  const keys = new Set<string>();
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      const text = line.trim();
      if (text === '' || text.startsWith('#')) continue;
      if (!/^[0-9a-f]{32}$/.test(uuidKey(text))) throw new Refusal(`${path}: line ${number} is not a uuid: '${text}'`);
      uuids.push(text);
      keys.add(uuidKey(text));
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return { uuids, keys };
}
