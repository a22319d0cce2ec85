import { strict as assert } from 'node:assert';
import { ERROR_CODES } from './error-codes.js';
import { Conflict, Invalid, NotFound, ProviderGenerationConflict } from './errors.js';
import { toGeneration, type Generation } from './generation.js';
import type { Ledger, LedgerProvider } from './ledger.js';
import { uncreated } from './provider-tree.js';
import { REASONS } from './reasons.js';

/** A provider to be. `uuid` is in its normal form; the parent's is compared verbatim. */
export interface NewProvider {
  readonly uuid: string;
  readonly name: string;
  readonly parentUuid: string | null;
}

/** A provider that came up. `changedAtMs`: when, ms since the epoch. */
export interface CreatedProvider extends NewProvider {
  readonly generation: Generation;
  readonly rootUuid: string;
  readonly changedAtMs: number;
}

/** A provider's traits and its generation. */
export interface ProviderTraits {
  readonly generation: Generation;
  /** Names, in order of trait id. */
  readonly traits: readonly string[];
  /** When the latest of them came to be, or the provider last changed: ms since the epoch. */
  readonly changedAtMs: number;
}

/** The text for a writer of traits or aggregates whose generation is not the stored one. Source: spec errors.md §3. */
const STALE = "Resource provider's generation already changed. Please update the generation and try again.";

/** The text of a provider that isn't there. Source: spec errors.md §3. */
export function noProvider(uuid: string): string {
  return `No resource provider with uuid ${uuid} found`;
}

/** The 409 of a name or uuid that another provider has. Source: spec resource_providers.md §2, §4. */
export function duplicateProvider(what: string): Conflict {
  return new Conflict(`Conflicting resource provider ${what} already exists.`, {
    code: ERROR_CODES.duplicateName,
    reason: REASONS.providerExists,
  });
}

/**
 * Adds a provider at generation 0. Throws, with the ledger as it was, Invalid for a parent that isn't there, Conflict
 * for a taken uuid or name. Source: spec resource_providers.md §2.
 */
export function applyCreation(ledger: Ledger, { uuid, name, parentUuid }: NewProvider): CreatedProvider {
  const { created, takenUuids, takenNames, roots, nowMs } = ledger.newcomers;
  const parent = parentUuid === null ? null : ledger.providers.get(parentUuid);
  const root = parentUuid === null ? { id: 0, uuid } : roots.get(parentUuid);
  if (parent === undefined || root === undefined) {
    throw uncreated(name, uuid, 'parent provider UUID does not exist.', REASONS.parentNotFound);
  }
  if (takenUuids.has(uuid) || [...created.values()].some((other) => other.uuid === uuid)) {
    throw duplicateProvider(`uuid: ${uuid}`);
  }
  if (takenNames.has(name) || created.has(name)) throw duplicateProvider(`name: ${name}`);
  created.set(name, { uuid, name, parent: parent === null ? null : { id: parent.id, rootId: root.id } });
  return { uuid, name, parentUuid, rootUuid: root.uuid, generation: toGeneration(0), changedAtMs: nowMs };
}

/**
 * Gives the provider exactly these traits; its generation rises only if the set changes. Throws, with the ledger as it
 * was, NotFound, GenerationConflict, Invalid for unknown names. Source: spec traits.md §2.
 */
export function applyTraits(
  ledger: Ledger,
  providerUuid: string,
  claimed: number,
  names: readonly string[],
): ProviderTraits {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  const distinct = [...new Set(names)];
  const unknown = distinct.filter((name) => !ledger.traits.has(name));
  if (unknown.length > 0) {
    const facts = { traits: unknown };
    throw new Invalid(`No such trait ${unknown.join(', ')}`, { reason: REASONS.traitNotFound, facts });
  }
  const wanted = distinct
    .flatMap((name) => {
      const trait = ledger.traits.get(name);
      return trait === undefined ? [] : [{ ...trait, name }];
    })
    .sort((a, b) => a.id - b.id);
  const changedAtMs = wanted.reduce((latest, { createdAtMs }) => Math.max(latest, createdAtMs), 0);
  const shown = { traits: wanted.map(({ name }) => name), changedAtMs };
  const current = traitsOf(provider);
  if (current.size === wanted.length && wanted.every(({ id }) => current.has(id))) {
    return { ...shown, generation: provider.generation };
  }
  const { generation } = changeProvider(ledger, provider, { traits: new Set(wanted.map(({ id }) => id)) }, 1);
  return { ...shown, generation };
}

/**
 * Takes all traits away; the generation rises only if there were any. Throws NotFound, GenerationConflict.
 * Source: spec traits.md §2.
 */
export function applyTraitsRemoval(ledger: Ledger, providerUuid: string, claimed?: number | null): void {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  if (traitsOf(provider).size > 0) changeProvider(ledger, provider, { traits: new Set() }, 1);
}

/**
 * Makes the provider a member of exactly these aggregates and answers its generation. Without a claimed generation none
 * is checked and none raised. Throws, with the ledger as it was, NotFound, GenerationConflict. Source: spec aggregates.md.
 */
export function applyAggregates(
  ledger: Ledger,
  providerUuid: string,
  aggregates: readonly string[],
  claimed: number | undefined,
): Generation {
  const provider = findProvider(ledger, providerUuid);
  checkGeneration(provider, claimed, STALE);
  return changeProvider(ledger, provider, { aggregates }, claimed === undefined ? 0 : 1).generation;
}

function traitsOf({ traits }: LedgerProvider): ReadonlySet<number> {
  assert(traits !== undefined, 'an operation on traits asks for them');
  return traits;
}

/** The provider under its lock. Throws NotFound. */
export function findProvider(ledger: Ledger, uuid: string): LedgerProvider {
  const provider = ledger.providers.get(uuid);
  if (provider === undefined) {
    throw new NotFound(noProvider(uuid), {
      reason: REASONS.providerNotFound,
      facts: { resource_provider: uuid },
    });
  }
  return provider;
}

/**
 * Throws GenerationConflict with `text` unless the claimed generation is the one under the lock. A request that claims none
 * passes.
 */
export function checkGeneration(
  { uuid, generation }: LedgerProvider,
  claimed: number | null | undefined,
  text: string,
): void {
  if (claimed === undefined || claimed === null || claimed === generation) return;
  throw new ProviderGenerationConflict(text, uuid, generation, claimed);
}

/** Puts a changed provider into the ledger, its generation raised by so many, and answers it. */
export function changeProvider(
  ledger: Ledger,
  provider: LedgerProvider,
  change: Partial<Pick<LedgerProvider, 'inventories' | 'traits' | 'aggregates'>>,
  raisedBy: number,
): LedgerProvider {
  const changed = { ...provider, ...change, generation: toGeneration(provider.generation + raisedBy) };
  ledger.providers.set(provider.uuid, changed);
  return changed;
}
