import { type AllocationWrite, Invalid, REASONS } from '#berth/domain';
import { toAllocationWrite, toAmounts, type ConsumerAllocationsBody } from '../http/allocation-write.js';
import { normalizeUuid } from '../http/schema/index.js';
import type { PutAllocationsBody, PutAllocationsBodyV1_8 } from './allocations-legacy.dto.js';

/** The body of PUT /allocations/{consumer_uuid} at any version. */
export type PutAllocations = PutAllocationsBody | PutAllocationsBodyV1_8 | ConsumerAllocationsBody;

/** Owner of consumers whose client doesn't know of projects and users (spec allocations.md §5 (a) 1). */
const INCOMPLETE_OWNER = '00000000-0000-0000-0000-000000000000';

/** The consumer of the path in its normal form. Throws Invalid. Source: spec allocations.md §3. */
export function toConsumerUuid(value: string): string {
  const uuid = normalizeUuid(value);
  if (uuid === undefined) throw new Invalid(`Malformed consumer_uuid: ${value}`, { reason: REASONS.nameMalformed });
  return uuid;
}

/** What the consumer shall hold, from the list form (1.0–1.11) or the object form. Source: spec allocations.md §3. */
export function toWrite(
  consumerUuid: string,
  body: PutAllocations,
  generations: { readonly claimed: number | null | undefined; readonly hold: boolean },
): AllocationWrite {
  if (!isListForm(body)) {
    const write = toAllocationWrite(consumerUuid, body, generations.hold);
    // Where the body of a version has no place for it, it came beside the body.
    return write.consumerGeneration === undefined ? { ...write, consumerGeneration: generations.claimed } : write;
  }
  // A provider mentioned twice: the later entry replaces the earlier.
  const byProvider = new Map(
    body.allocations.map(({ resource_provider, resources }) => [resource_provider.uuid, resources]),
  );
  return {
    consumerUuid,
    project: 'project_id' in body ? body.project_id : INCOMPLETE_OWNER,
    user: 'user_id' in body ? body.user_id : INCOMPLETE_OWNER,
    consumerType: undefined,
    consumerGeneration: undefined,
    allocations: [...byProvider].map(([providerUuid, resources]) => ({
      providerUuid,
      resources: toAmounts(resources),
    })),
  };
}

function isListForm(body: PutAllocations): body is PutAllocationsBody | PutAllocationsBodyV1_8 {
  return Array.isArray(body.allocations);
}
