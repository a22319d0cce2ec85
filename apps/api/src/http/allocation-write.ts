import type { AllocationWrite } from '#berth/domain';
import { toWantedSlots, type SlotLocksBody } from './schema/slot-lock.dto.js';
import type { ConsumerAllocations } from './schema/consumer-allocations.dto.js';

/** A consumer's entry of a request, of any version; what a version doesn't have is absent. */
export type ConsumerAllocationsBody = ConsumerAllocations & {
  readonly consumer_generation?: number | null;
  readonly consumer_type?: string;
  readonly slot_locks?: SlotLocksBody;
};

/**
 * What a consumer shall hold. `mappings` say nothing here, and generations of providers only where generations are
 * required (spec allocations.md §3; DESIGN §2).
 */
export function toAllocationWrite(
  consumerUuid: string,
  body: ConsumerAllocationsBody,
  generationsHold: boolean,
): AllocationWrite {
  return {
    consumerUuid,
    project: body.project_id,
    user: body.user_id,
    consumerType: body.consumer_type,
    consumerGeneration: body.consumer_generation,
    allocations: Object.entries(body.allocations).map(([providerUuid, { generation, resources }]) => ({
      providerUuid,
      ...(generationsHold && { generation }),
      resources: toAmounts(resources),
    })),
    ...(body.slot_locks !== undefined && { slotLocks: toWantedSlots(body.slot_locks) }),
  };
}

/** The consumers of a request, in its order. */
export function toAllocationWrites(
  bodies: Readonly<Record<string, ConsumerAllocationsBody>>,
  generationsHold: boolean,
): AllocationWrite[] {
  return Object.entries(bodies).map(([consumerUuid, body]) => toAllocationWrite(consumerUuid, body, generationsHold));
}

/** Amounts by class, in the order of the request. */
export function toAmounts(resources: Readonly<Record<string, number>>): { resourceClass: string; amount: number }[] {
  return Object.entries(resources).map(([resourceClass, amount]) => ({ resourceClass, amount }));
}
