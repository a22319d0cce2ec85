import { Invalid } from './errors.js';
import { REASONS, type Reason } from './reasons.js';

/** A provider's place: its own uuid, its parent's, and the root of its tree. */
export interface TreePlace {
  readonly id: number;
  readonly uuid: string;
  readonly parentId: number | null;
  readonly rootId: number;
}

/** What becomes of a provider's parent: left alone, or changed together with the root of its whole subtree. */
export type ParentPlan =
  | { readonly status: 'unchanged' }
  | { readonly status: 'moved'; readonly parentId: number | null; readonly rootId: number };

/**
 * Decides a change of parent. `wanted` is the parent named by the request: a place, null for none, or 'unknown'
 * when no such provider exists. `subtree` holds the ids of the provider and all its descendants. Throws Invalid
 * word for word. Source: spec resource_providers.md §4, the table, in its order.
 */
export function planParent(
  provider: TreePlace,
  wanted: TreePlace | null | 'unknown',
  subtree: ReadonlySet<number>,
  allowReparenting: boolean,
): ParentPlan {
  if (wanted === 'unknown')
    throw unsaved(provider, 'create', 'parent provider UUID does not exist.', REASONS.parentNotFound);
  if (wanted === null) {
    if (provider.parentId === null) return { status: 'unchanged' };
    if (!allowReparenting) throw unsaved(provider, 'update', 'un-parenting a provider is not currently allowed.');
    return { status: 'moved', parentId: null, rootId: provider.id };
  }
  if (wanted.id === provider.parentId) return { status: 'unchanged' };
  if (provider.parentId !== null && !allowReparenting) {
    throw unsaved(provider, 'update', 're-parenting a provider is not currently allowed.');
  }
  if (subtree.has(wanted.id)) {
    throw unsaved(provider, 'update', 'creating loop in the provider tree is not allowed.');
  }
  return { status: 'moved', parentId: wanted.id, rootId: wanted.rootId };
}

/** The 400 of a provider that could not be created. Source: spec resource_providers.md §2. */
export function uncreated(name: string, uuid: string, text: string, reason: Reason = REASONS.requestInvalid): Invalid {
  return new Invalid(
    `Unable to create resource provider "${name}", ${uuid}: Object action create failed because: ${text}`,
    { reason, facts: { resource_provider: uuid, name } },
  );
}

function unsaved(
  provider: TreePlace,
  verb: 'create' | 'update',
  text: string,
  reason: Reason = REASONS.parentChangeRefused,
): Invalid {
  return new Invalid(
    `Unable to save resource provider ${provider.uuid}: Object action ${verb} failed because: ${text}`,
    { reason, facts: { resource_provider: provider.uuid } },
  );
}
