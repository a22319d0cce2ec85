import DataLoader from 'dataloader';

/** More keys in one query save little more, and make the first of them wait for the last. */
const MAX_KEYS = 200;

/**
 * Reads by key, gathered: all keys that are asked for before the next turn of the event loop make one query, and each
 * caller gets its own answer. Nothing is remembered: an answer is as fresh as the query that was sent after the call.
 */
export class Gathered<Key, Value> {
  private readonly loader: DataLoader<Key, Value>;

  /** `read` answers the values of the keys, in their order; what it throws, every caller of that query gets. */
  constructor(read: (keys: readonly Key[]) => Promise<Value[]>, maxKeys = MAX_KEYS) {
    this.loader = new DataLoader<Key, Value>(read, {
      cache: false,
      maxBatchSize: maxKeys,
      batchScheduleFn: (flush) => void setImmediate(flush),
    });
  }

  get(key: Key): Promise<Value> {
    return this.loader.load(key);
  }
}
