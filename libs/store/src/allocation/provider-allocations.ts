import { toGeneration, type Generation } from '#berth/domain';
import type { ProviderAllocationsRow } from './allocation.sql.js';

/** What one consumer holds of a provider. Consumers that hold the same may share the list. */
export interface HeldByConsumer {
  readonly uuid: string;
  readonly generation: Generation;
  readonly resources: readonly { readonly resourceClass: string; readonly amount: number }[];
}

/**
 * A provider's generation and what is held of it, by consumer. It keeps the text that the database wrote and reads it
 * whenever the consumers are asked for: an answer that is remembered for long shall be little, and few objects.
 */
export class ProviderAllocations {
  constructor(
    readonly generation: Generation,
    /** When the latest of it came to be, ms since the epoch; undefined: nothing is held. */
    readonly createdAtMs: number | undefined,
    private readonly held: string,
  ) {}

  /** In order of their ids. Made anew with each call. */
  consumers(): HeldByConsumer[] {
    return parseHeld(this.held);
  }

  /** Characters that are kept: what it costs to remember it. */
  get length(): number {
    return this.held.length;
  }
}

export function toProviderAllocations(row: ProviderAllocationsRow): ProviderAllocations {
  const createdAtMs = row.newest_ms === null ? undefined : Math.floor(row.newest_ms);
  return new ProviderAllocations(toGeneration(row.provider_generation), createdAtMs, row.held ?? '');
}

/** Uuids, numbers and names of classes have neither spaces nor line ends: spec allocations.md §3, §4; resource_classes.md. */
function parseHeld(held: string): HeldByConsumer[] {
  if (held === '') return [];
  const lists = new Map<string, HeldByConsumer['resources']>();
  return held.split('\n').map((line) => {
    const first = line.indexOf(' ');
    const second = line.indexOf(' ', first + 1);
    const amounts = line.slice(second + 1);
    let resources = lists.get(amounts);
    if (resources === undefined) lists.set(amounts, (resources = parseAmounts(amounts)));
    return { uuid: line.slice(0, first), generation: toGeneration(Number(line.slice(first + 1, second))), resources };
  });
}

function parseAmounts(text: string): HeldByConsumer['resources'] {
  const words = text.split(' ');
  return Array.from({ length: words.length / 2 }, (_, at) => ({
    resourceClass: words[2 * at] ?? '',
    amount: Number(words[2 * at + 1]),
  }));
}
