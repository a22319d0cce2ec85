import type { CopiedConsumer, CopiedPlace, CopiedSupply } from '#berth/store';

/** A provider as the source lists it. */
export interface SourceProvider extends CopiedPlace {
  readonly generation: number;
}

/** What is held of a provider: by consumer, its generation and amounts by class. */
export interface SourceHeld {
  readonly generation: number;
  readonly consumers: ReadonlyMap<
    string,
    { readonly generation: number; readonly used: Readonly<Record<string, number>> }
  >;
}

/**
 * A Placement that is being copied, whatever its version. It goes on serving: each answer is of its own moment. Undefined answers
 * say that there is no such thing, any more; a source that does not answer is thrown as Unavailable.
 */
export interface PlacementSource {
  /** Names it, without what is secret. */
  readonly name: string;
  traits(): Promise<readonly string[]>;
  /** In the order of the source. */
  resourceClasses(): Promise<readonly string[]>;
  providers(): Promise<readonly SourceProvider[]>;
  /** What a provider has by itself, of one generation; 'moved': it changes faster than it can be read. */
  supply(uuid: string): Promise<CopiedSupply | 'moved' | undefined>;
  held(uuid: string): Promise<SourceHeld | undefined>;
  /** Undefined: it holds nothing. */
  consumer(uuid: string): Promise<CopiedConsumer | undefined>;
  used(uuid: string): Promise<Readonly<Record<string, number>> | undefined>;
}

/** Runs `work` on all items, at most `limit` at once, and answers what it answered in the order of the items. */
export async function boundedly<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      try {
        results[at] = await work(items[at] as Item);
      } catch (error) {
        // The others begin nothing more.
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
