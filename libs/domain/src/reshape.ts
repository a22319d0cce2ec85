import { strict as assert } from 'node:assert';
import type { AllocationWrite } from './allocation.js';
import { ERROR_CODES } from './error-codes.js';
import { Invalid, InventoryInUse, ProviderGenerationConflict } from './errors.js';
import { recordsOf } from './inventory-writes.js';
import type { Inventory } from './inventory.js';
import { checkNames } from './ledger-names.js';
import { book, raise, weigh, type Ledger, type LedgerInventory, type LedgerProvider } from './ledger.js';

import { REASONS } from './reasons.js';

/** The inventories one provider shall have, and the generation the client saw of it. */
export interface InventoriesWrite {
  readonly providerUuid: string;
  readonly generation: number;
  readonly inventories: readonly Inventory[];
}

/** Inventories of some providers and allocations of some consumers, moved as one. Source: spec reshaper.md. */
export interface Reshape {
  readonly inventories: readonly InventoriesWrite[];
  readonly writes: readonly AllocationWrite[];
}

type Inventories = ReadonlyMap<number, LedgerInventory>;

const unknownClass = (name: string): string => `malformed reshaper data: No such resource class ${name}.`;

/**
 * Applies a reshape to the ledger, all or nothing. Allocations are held against the interim inventories, which
 * lack nothing of the old and have all of the new. Throws, with the ledger as it was, Invalid, GenerationConflict,
 * InventoryInUse or what `weigh` throws. Source: spec reshaper.md §2.
 */
export function applyReshape(ledger: Ledger, { inventories, writes }: Reshape): void {
  for (const wanted of inventories) checkProvider(ledger, wanted);
  checkNames(ledger, writes);
  const finals = new Map(
    inventories.map(({ providerUuid, inventories: wanted }) => [
      providerUuid,
      recordsOf(ledger, providerOf(ledger, providerUuid), wanted, unknownClass),
    ]),
  );
  const interimOf = (provider: LedgerProvider): Inventories =>
    new Map([...provider.inventories, ...(finals.get(provider.uuid) ?? [])]);
  const interims = new Map([...finals.keys()].map((uuid) => [uuid, interimOf(providerOf(ledger, uuid))]));
  const effect = weigh(ledger, writes, unknownClass, (provider) => interims.get(provider.uuid) ?? provider.inventories);
  for (const [uuid, final] of finals) checkRemovals(providerOf(ledger, uuid), final, effect.deltas);

  for (const [uuid, interim] of interims) setInventories(ledger, uuid, interim);
  book(ledger, effect);
  for (const uuid of effect.occurring) raise(ledger, uuid, 1);
  for (const [uuid, final] of finals) {
    const booked = providerOf(ledger, uuid).inventories;
    setInventories(ledger, uuid, new Map([...final.keys()].map((id) => [id, inventoryOf(booked, id)])));
    // Source: spec reshaper.md §3: once for a non-empty interim inventory, once for the final one.
    raise(ledger, uuid, final.size > 0 ? 2 : 1);
  }
}

function checkProvider(ledger: Ledger, { providerUuid, generation }: InventoriesWrite): void {
  const provider = ledger.providers.get(providerUuid);
  if (provider === undefined) {
    throw new Invalid(
      `Resource provider ${providerUuid} in inventories not found: No resource provider with uuid ${providerUuid} found`,
      {
        code: ERROR_CODES.providerNotFound,
        reason: REASONS.providerNotFound,
        facts: { resource_provider: providerUuid },
      },
    );
  }
  if (provider.generation !== generation) {
    throw new ProviderGenerationConflict(
      `resource provider generation conflict for provider ${providerUuid}: actual: ${provider.generation}, given: ${generation}`,
      providerUuid,
      provider.generation,
      generation,
    );
  }
}

function checkRemovals(
  provider: LedgerProvider,
  final: Inventories,
  deltas: ReadonlyMap<number, ReadonlyMap<number, number>>,
): void {
  const inUse = [...provider.inventories.values()]
    .filter(({ resourceClassId }) => !final.has(resourceClassId))
    .filter(({ resourceClassId, used }) => used + (deltas.get(provider.id)?.get(resourceClassId) ?? 0) > 0)
    .sort((a, b) => a.resourceClassId - b.resourceClassId)
    .map(({ resourceClass }) => resourceClass);
  if (inUse.length > 0) throw new InventoryInUse(provider.uuid, inUse, { prefix: 'update conflict: ' });
}

function setInventories(ledger: Ledger, providerUuid: string, inventories: Inventories): void {
  ledger.providers.set(providerUuid, { ...providerOf(ledger, providerUuid), inventories });
}

function providerOf(ledger: Ledger, uuid: string): LedgerProvider {
  const provider = ledger.providers.get(uuid);
  assert(provider !== undefined, 'providers of a reshape were checked first');
  return provider;
}

function inventoryOf(inventories: Inventories, resourceClassId: number): LedgerInventory {
  const inventory = inventories.get(resourceClassId);
  assert(inventory !== undefined, 'the interim inventories have all of the final ones');
  return inventory;
}
