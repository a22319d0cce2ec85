import { NoRoom } from '#berth/domain';
import type { Claimed, ClaimOutcome, ClaimRequest } from '#berth/placement';
import { explanationView } from '../http/candidates/explanation.view.js';

/**
 * What the consumers got, by consumer: each entry is a body of PUT /allocations/{consumer}, all of them together one of
 * POST /allocations. Throws NoRoom, with the explanation, where nobody got anything.
 */
export function claimsView(outcome: ClaimOutcome, { request, claimants, dryRun }: ClaimRequest): object {
  if (outcome.status === 'no_room') {
    throw new NoRoom({
      consumers: claimants.length,
      room_for: outcome.roomFor,
      proven: outcome.proven,
      explanation: explanationView(outcome.explanation, request, { short: true }),
    });
  }
  return {
    dry_run: dryRun,
    claims: Object.fromEntries(outcome.claims.map((claim) => [claim.claimant.consumerUuid, claimView(claim)])),
  };
}

function claimView({ claimant, generation, providers, mappings, slots }: Claimed): object {
  return {
    allocations: Object.fromEntries(
      providers.map((provider) => [
        provider.uuid,
        {
          resources: Object.fromEntries(provider.resources.map(({ resourceClass, amount }) => [resourceClass, amount])),
          generation: provider.generation,
        },
      ]),
    ),
    mappings: Object.fromEntries(mappings.map(({ suffix, providers: served }) => [suffix, served])),
    project_id: claimant.project,
    user_id: claimant.user,
    consumer_generation: generation ?? claimant.consumerGeneration,
    consumer_type: claimant.consumerType,
    slot_locks: slots.map(({ key, slot, limit }) => ({ key, slot, limit })),
  };
}
