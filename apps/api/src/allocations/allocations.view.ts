import { UNKNOWN_CONSUMER_TYPE } from '#berth/domain';
import type { ConsumerAllocations, ConsumersPage, ProviderAllocations } from '#berth/placement';
import { toCursor } from '../http/cursor.js';
import { MAX_MINOR } from '../http/microversion.js';
import { CONSUMERS_LIST } from './query-allocations.dto.js';

const OWNER_SINCE = 12;
const CONSUMER_GENERATION_SINCE = 28;
const CONSUMER_TYPE_SINCE = 38;

interface Amount {
  readonly resourceClass: string;
  readonly amount: number;
}

/** Source: spec allocations.md §1. undefined: the consumer holds nothing. */
export function consumerAllocationsView(held: ConsumerAllocations | undefined, minor: number): object {
  if (held === undefined) return { allocations: {} };
  const allocations = Object.fromEntries(
    held.providers.map(({ uuid, generation, resources }) => [uuid, { resources: amountsView(resources), generation }]),
  );
  return {
    allocations,
    ...(minor >= OWNER_SINCE && { project_id: held.project, user_id: held.user }),
    ...(minor >= CONSUMER_GENERATION_SINCE && { consumer_generation: held.generation }),
    ...(minor >= CONSUMER_TYPE_SINCE && { consumer_type: held.consumerType ?? UNKNOWN_CONSUMER_TYPE }),
  };
}

/** Each consumer as `GET /allocations/{consumer_uuid}` shows it. */
export function consumersPageView({ consumers, next }: ConsumersPage): object {
  return {
    allocations: Object.fromEntries(
      consumers.map(({ uuid, held }) => [uuid, consumerAllocationsView(held, MAX_MINOR)]),
    ),
    next: toCursor(CONSUMERS_LIST, next),
  };
}

/** Source: spec allocations.md §2. */
export function providerAllocationsView({ consumers, generation }: ProviderAllocations, minor: number): object {
  const allocations = Object.fromEntries(
    consumers.map((consumer) => [
      consumer.uuid,
      {
        resources: amountsView(consumer.resources),
        ...(minor >= CONSUMER_GENERATION_SINCE && { consumer_generation: consumer.generation }),
      },
    ]),
  );
  return { allocations, resource_provider_generation: generation };
}

function amountsView(resources: readonly Amount[]): object {
  return Object.fromEntries(resources.map(({ resourceClass, amount }) => [resourceClass, amount]));
}
