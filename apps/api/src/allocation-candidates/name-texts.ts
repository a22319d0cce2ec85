import { classNameOf, providerAt, type Snapshot } from '#berth/placement';

/**
 * Names as JSON texts, quoted and escaped, each made once an answer: a provider appears in many candidates, in their
 * mappings and in the summaries; the hosts of a fleet have few distinct sets of traits.
 */
export class NameTexts {
  private readonly providers = new Map<number, string>();
  private readonly resourceClasses = new Map<number, string>();
  private readonly words = new Map<string, string>();
  private readonly lists = new Map<readonly string[], string>();

  constructor(private readonly snapshot: Snapshot) {}

  /** The uuid of the provider at an index of the snapshot. */
  provider(index: number): string {
    const known = this.providers.get(index);
    if (known !== undefined) return known;
    const text = this.word(providerAt(this.snapshot, index).uuid);
    this.providers.set(index, text);
    return text;
  }

  /** The resource class at an index of the snapshot. */
  resourceClass(index: number): string {
    const known = this.resourceClasses.get(index);
    if (known !== undefined) return known;
    const text = this.word(classNameOf(this.snapshot, index));
    this.resourceClasses.set(index, text);
    return text;
  }

  /** A list of words as a JSON array. Equal lists are recognised by identity: a snapshot shares its trait lists. */
  list(words: readonly string[]): string {
    const known = this.lists.get(words);
    if (known !== undefined) return known;
    const text = JSON.stringify(words);
    this.lists.set(words, text);
    return text;
  }

  /** Any other string: a suffix, a class by its name. */
  word(word: string): string {
    const known = this.words.get(word);
    if (known !== undefined) return known;
    const text = JSON.stringify(word);
    this.words.set(word, text);
    return text;
  }
}
