import { UNKNOWN_CONSUMER_TYPE } from '#berth/domain';
import type { ConsumerAllocations, ConsumersPage, HeldByConsumer, ProviderAllocations } from '#berth/placement';
import { KeptText } from '../http/answer.js';
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
export function consumerAllocationsView(held: ConsumerAllocations | undefined, minor: number, berth: boolean): object {
  if (held === undefined) return { allocations: {} };
  const allocations = Object.fromEntries(
    held.providers.map(({ uuid, generation, resources }) => [uuid, { resources: amountsView(resources), generation }]),
  );
  return {
    allocations,
    ...(minor >= OWNER_SINCE && { project_id: held.project, user_id: held.user }),
    ...(minor >= CONSUMER_GENERATION_SINCE && { consumer_generation: held.generation }),
    ...(minor >= CONSUMER_TYPE_SINCE && { consumer_type: held.consumerType ?? UNKNOWN_CONSUMER_TYPE }),
    ...(berth && { slot_locks: held.slots.map(slotView) }),
  };
}

/** Each consumer as `GET /allocations/{consumer_uuid}` shows it. */
export function consumersPageView({ consumers, next }: ConsumersPage): object {
  return {
    allocations: Object.fromEntries(
      consumers.map(({ uuid, held }) => [uuid, consumerAllocationsView(held, MAX_MINOR, true)]),
    ),
    next: toCursor(CONSUMERS_LIST, next),
  };
}

/** Answers by what they show: what is remembered below the edge is written once a shape, and goes when that goes. */
const texts = new WeakMap<ProviderAllocations, { plain?: KeptText; withGenerations?: KeptText }>();

/** As JSON text. Source: spec allocations.md §2. */
export function providerAllocationsView(held: ProviderAllocations, minor: number): KeptText {
  let known = texts.get(held);
  if (known === undefined) texts.set(held, (known = {}));
  if (minor < CONSUMER_GENERATION_SINCE) return (known.plain ??= writeProviderAllocations(held, false));
  return (known.withGenerations ??= writeProviderAllocations(held, true));
}

function writeProviderAllocations(held: ProviderAllocations, generations: boolean): KeptText {
  const amounts = new Map<HeldByConsumer['resources'], string>();
  const members = held.consumers().map(({ uuid, generation, resources }) => {
    let text = amounts.get(resources);
    if (text === undefined) amounts.set(resources, (text = JSON.stringify(amountsView(resources))));
    const tail = generations ? `,"consumer_generation":${generation}}` : '}';
    return `${JSON.stringify(uuid)}:{"resources":${text}${tail}`;
  });
  // Joined, not appended: that makes one flat string, half the memory of its pieces.
  const end = `},"resource_provider_generation":${held.generation}}`;
  return new KeptText([`{"allocations":{`, members.join(','), end].join(''));
}

/** Source: docs/api/slot-locks.md. */
function slotView({ key, slot, limit, sinceMs }: ConsumerAllocations['slots'][number]): object {
  return { key, slot, limit, since: new Date(sinceMs).toISOString() };
}

function amountsView(resources: readonly Amount[]): object {
  return Object.fromEntries(resources.map(({ resourceClass, amount }) => [resourceClass, amount]));
}
