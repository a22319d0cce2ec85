import { inventoriesAt, providerAt, recordIdentity, traitsAt, type Snapshot } from '#berth/placement';
import type { NameTexts } from './name-texts.js';

/** What a version shows of a provider. */
export interface SummaryShape {
  /** Undefined: every class of which the provider has inventory. */
  readonly onlyClasses: ReadonlySet<string> | undefined;
  readonly traits: boolean;
  /** Parent and root. */
  readonly tree: boolean;
}

/**
 * The most texts kept, some 40 MB at 20 traits each. When full all go at once: the texts of providers that have changed since stay among them,
 * and which they are is not worth knowing.
 */
const KEPT_TEXTS = 50_000;

/**
 * Texts by record identity, which a provider loses with every change of anything that can be read about it: what is
 * found is true. One for the process, whatever the snapshot.
 */
const kept = new Map<object, string>();

/**
 * One member of `provider_summaries` as JSON text, uuid first (spec allocation_candidates.md §8). It depends on the provider and the
 * shape alone, not on the search: in the shape that everybody asks for by now it is made once and kept.
 */
export function summaryText(snapshot: Snapshot, index: number, shape: SummaryShape, names: NameTexts): string {
  if (shape.onlyClasses !== undefined || !shape.traits || !shape.tree) return makeText(snapshot, index, shape, names);
  const identity = recordIdentity(snapshot, index);
  const known = kept.get(identity);
  if (known !== undefined) return known;
  const text = makeText(snapshot, index, shape, names);
  if (kept.size >= KEPT_TEXTS) kept.clear();
  kept.set(identity, text);
  return text;
}

function makeText(snapshot: Snapshot, index: number, shape: SummaryShape, names: NameTexts): string {
  let resources = '';
  for (const { resourceClass, capacity, used } of inventoriesAt(snapshot, index)) {
    if (shape.onlyClasses !== undefined && !shape.onlyClasses.has(resourceClass)) continue;
    if (resources !== '') resources += ',';
    resources += `${names.word(resourceClass)}:{"capacity":${capacity},"used":${used}}`;
  }
  const traits = shape.traits ? `,"traits":${names.list(traitsAt(snapshot, index))}` : '';
  const tree = shape.tree ? treeText(snapshot, index, names) : '';
  // Joined, not appended: that makes one flat string, which later answers copy at one go.
  return [names.provider(index), ':{"resources":{', resources, '}', traits, tree, '}'].join('');
}

function treeText(snapshot: Snapshot, index: number, names: NameTexts): string {
  const { parentUuid, rootUuid } = providerAt(snapshot, index);
  const parent = parentUuid === null ? 'null' : names.word(parentUuid);
  return `,"parent_provider_uuid":${parent},"root_provider_uuid":${names.word(rootUuid)}`;
}
