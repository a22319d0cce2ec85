import { Invalid, InvalidQuery, REASONS, type Claimant } from '#berth/domain';
import type { ClaimRequest, Preference } from '#berth/placement';
import { queryPairsOf } from '../http/candidates/candidates-query.dto.js';
import { toCandidatesRequest, type CandidatesOptions } from '../http/candidates/candidates.query.js';
import { normalizeUuid } from '../http/schema/index.js';
import { toWantedSlots } from '../http/schema/slot-lock.dto.js';
import type { ClaimConsumer, PostClaimsBody } from './claims.dto.js';

/**
 * What is to be found and who claims it; `first` is preferred unless said otherwise. Throws Invalid for a query that
 * GET /allocation_candidates would refuse, for `limit`, which a claim has no use for, and for a consumer that comes twice.
 */
export function toClaimRequest(body: PostClaimsBody, minor: number, options: CandidatesOptions): ClaimRequest {
  const pairs = queryPairsOf(body.query);
  if (pairs.some(([key]) => key === 'limit')) {
    throw new InvalidQuery("Invalid query string parameters: 'limit' has no meaning in a claim.");
  }
  return {
    request: toCandidatesRequest(pairs, minor, options),
    claimants: toClaimants(body.consumers),
    preference: toPreference(body.preference),
    dryRun: body.dry_run ?? false,
  };
}

function toClaimants(consumers: readonly ClaimConsumer[]): Claimant[] {
  const claimants = consumers.map((consumer) => ({
    consumerUuid: normalizeUuid(consumer.consumer_uuid) ?? consumer.consumer_uuid,
    consumerGeneration: consumer.consumer_generation,
    project: consumer.project_id,
    user: consumer.user_id,
    consumerType: consumer.consumer_type,
    slotLocks: toWantedSlots(consumer.slot_locks ?? []),
  }));
  const twice = claimants.find(({ consumerUuid }, at) =>
    claimants.slice(0, at).some((before) => before.consumerUuid === consumerUuid),
  );
  if (twice === undefined) return claimants;
  throw new Invalid(`JSON does not validate: consumer ${twice.consumerUuid} is named more than once`, {
    reason: REASONS.bodyInvalid,
  });
}

function toPreference(preference: PostClaimsBody['preference']): Preference {
  if (typeof preference !== 'object') return preference ?? 'first';
  return { weights: new Map(Object.entries(preference.weights)) };
}
