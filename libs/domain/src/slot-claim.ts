import type { AllocationWrite } from './allocation.js';
import { Invalid } from './errors.js';
import type { Ledger } from './ledger.js';
import { REASONS } from './reasons.js';
import { planSlots, SlotTaken, type SlotChange, type SlotHolder, type SlotPlan } from './slot-lock.js';

/**
 * What a write changes of a consumer's slots: the set is replaced, as that of its allocations is. Throws Invalid for slots
 * of a consumer that holds nothing. Source: docs/locks/slot-locks.md.
 */
export function slotChange(ledger: Ledger, { consumerUuid, allocations, slotLocks = [] }: AllocationWrite): SlotChange {
  if (slotLocks.length > 0 && allocations.length === 0) {
    throw new Invalid(`slot_locks of consumer '${consumerUuid}': a consumer without allocations holds no slots`, {
      reason: REASONS.bodyInvalid,
      facts: { consumer: consumerUuid, field: 'slot_locks' },
    });
  }
  return { before: ledger.consumers.get(consumerUuid)?.slots ?? [], wanted: slotLocks };
}

/** Plans the slots of one operation, all or none. Throws SlotTaken, with those of the holders that are in the ledger. */
export function assignSlots(ledger: Ledger, changes: readonly SlotChange[]): SlotPlan & { readonly status: 'planned' } {
  const plan = planSlots(ledger.slotPools, changes);
  if (plan.status === 'planned') return plan;
  throw new SlotTaken(plan.taken.map((one) => ({ ...one, holders: holdersOf(ledger, one.key) })));
}

function holdersOf(ledger: Ledger, key: string): SlotHolder[] {
  return [...ledger.consumers.values()].flatMap(({ uuid, slots }) =>
    slots.filter((held) => held.key === key).map(({ slot, sinceMs }) => ({ consumer: uuid, slot, sinceMs })),
  );
}
