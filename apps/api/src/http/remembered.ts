import { LRUCache } from 'lru-cache';

/** What clients send in a header is the same few texts, again and again. */
const MAX_TEXTS = 200;

/** Longer ones are nobody's habit, and would be kept for nothing. In characters. */
const MAX_LENGTH = 256;

/** `read`, remembering what it read of the last texts. It must depend on nothing else. */
export function remembered<Value extends object>(read: (text: string) => Value): (text: string) => Value {
  const known = new LRUCache<string, Value>({ max: MAX_TEXTS });
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = read(text);
    if (text.length <= MAX_LENGTH) known.set(text, value);
    return value;
  };
}
