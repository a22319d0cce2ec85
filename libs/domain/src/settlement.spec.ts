import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AllocationWrite } from './allocation.js';
import { BerthError } from './errors.js';
import { toGeneration } from './generation.js';
import { applyRemoval, applyWrites, type Ledger, type LedgerConsumer, type LedgerInventory } from './ledger.js';
import { NO_NEWCOMERS } from './newcomers.js';
import { applyReshape } from './reshape.js';
import { openLedger, settle } from './settlement.js';

const CLASSES = new Map([
  ['VCPU', 0],
  ['DISK_GB', 2],
]);
const PROVIDERS = ['a', 'b', 'x'];

function record(resourceClass: string, total: number): LedgerInventory {
  const resourceClassId = CLASSES.get(resourceClass) ?? 0;
  const rule = { total, reserved: 0, minUnit: 1, maxUnit: 100, stepSize: 1, allocationRatio: 1 };
  return { ...rule, resourceClass, resourceClassId, used: 0 };
}

function emptyLedger(): Ledger {
  const providers = PROVIDERS.map((uuid, index) => ({
    id: index + 1,
    uuid,
    generation: toGeneration(7),
    inventories: new Map([...CLASSES].map(([name, id]) => [id, record(name, 20)])),
  }));
  return {
    consumers: new Map(),
    providers: new Map(providers.map((provider) => [provider.uuid, provider])),
    providerUuids: new Map(providers.map(({ id, uuid }) => [id, uuid])),
    classIds: CLASSES,
    slotPools: new Map(),
    traits: new Map(),
    newcomers: NO_NEWCOMERS,
  };
}

type Held = Readonly<Record<string, Readonly<Record<string, number>>>>;
type Step =
  | { readonly kind: 'write' | 'reshape'; readonly writes: readonly (readonly [consumer: string, held: Held])[] }
  | { readonly kind: 'remove'; readonly consumer: string };

const amounts = fc.dictionary(fc.constantFrom(...CLASSES.keys()), fc.integer({ min: 1, max: 3 }), { minKeys: 1 });
const consumer = fc.constantFrom('c', 'd', 'e');
const held = fc.dictionary(fc.constantFrom(...PROVIDERS), amounts);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('write' as const, 'reshape' as const),
    writes: fc.uniqueArray(fc.tuple(consumer, held), { selector: ([name]) => name, minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), consumer }),
);
const group = fc.array(step, { maxLength: 6 });

/** As Claims does it: what is refused leaves no trace. */
function carryOut(ledger: Ledger, steps: readonly Step[]): Ledger {
  const worked = openLedger(ledger);
  for (const one of steps) {
    try {
      if (one.kind === 'remove') applyRemoval(worked, one.consumer);
      else if (one.kind === 'write') applyWrites(worked, one.writes.map(toWrite), (name) => name);
      else applyReshape(worked, { inventories: [], writes: one.writes.map(toWrite) });
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
    }
  }
  return worked;
}

function toWrite([consumerUuid, what]: readonly [string, Held]): AllocationWrite {
  return {
    consumerUuid,
    project: 'p',
    user: 'u',
    consumerType: undefined,
    consumerGeneration: undefined,
    allocations: Object.entries(what).map(([providerUuid, resources]) => ({
      providerUuid,
      resources: Object.entries(resources).map(([resourceClass, amount]) => ({ resourceClass, amount })),
    })),
  };
}

/** The ledger as it would be read back: new consumers have their rows. */
function written(ledger: Ledger): Ledger {
  const withRows = [...ledger.consumers.values()].map((one) => [one.uuid, { ...one, id: one.id ?? one.uuid }] as const);
  return { ...ledger, consumers: new Map(withRows) };
}

const holdersOf = (ledger: Ledger): [LedgerConsumer, Set<number>][] =>
  [...ledger.consumers.values()].map((one) => [one, new Set(one.holdings.map(({ providerId }) => providerId))]);

describe('what is settled', () => {
  it('says of every provider of which a written consumer holds, or held, that it has changed (docs/adr/0012)', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 5 }), (groups) => {
        let read = emptyLedger();
        for (const steps of groups) {
          const worked = carryOut(read, steps);
          const { raised, touched, newConsumers, changedConsumers, removedConsumers } = settle(read, worked);
          const marked = new Set([...raised.map(({ id }) => id), ...touched]);
          const ofWritten = new Set([...newConsumers, ...changedConsumers].map(({ uuid }) => uuid));
          const concerned = [
            ...holdersOf(read).filter(([{ uuid, id }]) => ofWritten.has(uuid) || removedConsumers.includes(id ?? '')),
            ...holdersOf(worked).filter(([{ uuid }]) => ofWritten.has(uuid)),
          ].flatMap(([, providerIds]) => [...providerIds]);
          expect(concerned.filter((id) => !marked.has(id))).toEqual([]);
          read = written(worked);
        }
      }),
      { numRuns: 300 },
    );
  });
});
