import type { ProviderAllocations } from '#berth/store';

/**
 * Characters of what the database wrote, about 75 a consumer with three classes: 220,000 consumers, which a process
 * keeps in some 45 MB together with the answers that are written of them.
 */
const MAX_LENGTH = 16 * 1024 * 1024;

/** What an entry takes beside its text, in the same measure. */
const ENTRY_LENGTH = 200;

interface Entry {
  /** Stands for the state of the provider that the snapshot showed before the answer was read. */
  readonly record: object;
  readonly held: ProviderAllocations;
}

/**
 * What is held of providers, as it was read last; those that were asked for last, up to a limit of memory. Whether an
 * answer is still true is for the caller to say, by the record: docs/adr/0012.
 */
export class RememberedAllocations {
  /** By uuid, the one that was used longest ago first. */
  private readonly entries = new Map<string, Entry>();
  private length = 0;

  constructor(private readonly maxLength = MAX_LENGTH) {}

  /** What was read while this was the provider's record. */
  find(providerUuid: string, record: object): ProviderAllocations | undefined {
    const entry = this.entries.get(providerUuid);
    if (entry?.record !== record) return undefined;
    this.entries.delete(providerUuid);
    this.entries.set(providerUuid, entry);
    return entry.held;
  }

  /** Takes the place of what was remembered of the provider. */
  remember(providerUuid: string, record: object, held: ProviderAllocations): void {
    this.forget(providerUuid);
    this.entries.set(providerUuid, { record, held });
    this.length += lengthOf(held);
    for (const oldest of this.entries.keys()) {
      if (this.length <= this.maxLength) break;
      this.forget(oldest);
    }
  }

  private forget(providerUuid: string): void {
    const entry = this.entries.get(providerUuid);
    if (entry === undefined) return;
    this.entries.delete(providerUuid);
    this.length -= lengthOf(entry.held);
  }
}

function lengthOf(held: ProviderAllocations): number {
  return held.length + ENTRY_LENGTH;
}
