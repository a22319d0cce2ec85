import { inventoriesAt, providerAt, traitsAt, type Snapshot } from '#berth/placement';
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
 * One value of `provider_summaries` as JSON text (spec allocation_candidates.md §8). It depends on the provider and the
 * shape alone, not on the search.
 */
export function summaryText(snapshot: Snapshot, index: number, shape: SummaryShape, names: NameTexts): string {
  let resources = '';
  for (const { resourceClass, capacity, used } of inventoriesAt(snapshot, index)) {
    if (shape.onlyClasses !== undefined && !shape.onlyClasses.has(resourceClass)) continue;
    if (resources !== '') resources += ',';
    resources += `${names.word(resourceClass)}:{"capacity":${capacity},"used":${used}}`;
  }
  const traits = shape.traits ? `,"traits":${names.list(traitsAt(snapshot, index))}` : '';
  const tree = shape.tree ? treeText(snapshot, index, names) : '';
  return `{"resources":{${resources}}${traits}${tree}}`;
}

function treeText(snapshot: Snapshot, index: number, names: NameTexts): string {
  const { parentUuid, rootUuid } = providerAt(snapshot, index);
  const parent = parentUuid === null ? 'null' : names.word(parentUuid);
  return `,"parent_provider_uuid":${parent},"root_provider_uuid":${names.word(rootUuid)}`;
}
