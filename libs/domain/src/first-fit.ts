import { strict as assert } from 'node:assert';
import {
  CapacityExceeded,
  checkConsumerGeneration,
  NoInventory,
  UnitsViolated,
  type AllocationWrite,
  type ProviderAmounts,
} from './allocation.js';
import { BerthError } from './errors.js';
import { applyWrites, type Ledger, type UnknownClassText } from './ledger.js';
import { REASONS } from './reasons.js';
import { openLedger } from './settlement.js';

/** Who claims, before it is known what: a write without its allocations. */
export type Claimant = Omit<AllocationWrite, 'allocations'>;

/** What a claimant may hold: one of several, any of which would do. */
export type ClaimOption = readonly ProviderAmounts[];

const unknownClass: UnknownClassText = (name) => `Unable to allocate inventory: No such resource class ${name}.`;

/**
 * Gives each claimant one of the options, all of them or none: those of `wanted` (an index of `options` each) if the
 * ledger has room for them together, otherwise to one claimant after the other the first that fits, the wanted one
 * before the others. Answers the index that each got. Throws, with the ledger as it was, GenerationConflict for a
 * claimant who is not at the generation it named, before anything else; otherwise what the last option was refused
 * with, see `isLackOfRoom`.
 */
export function applyFirstFit(
  ledger: Ledger,
  claimants: readonly Claimant[],
  options: readonly ClaimOption[],
  wanted: readonly number[],
): readonly number[] {
  for (const { consumerUuid, consumerGeneration } of claimants) {
    checkConsumerGeneration(consumerUuid, ledger.consumers.get(consumerUuid)?.generation, consumerGeneration);
  }
  const refusal = tryWrites(ledger, claimants, options, wanted);
  if (refusal === undefined) return wanted;
  const [only, ...more] = claimants;
  assert(only !== undefined, 'somebody claims');
  if (more.length === 0) return [firstFit(ledger, only, options, wanted[0] ?? 0)];
  // One write raises the generation of a provider once, however many claimants it gets: so one by one is only a trial.
  const trial = openLedger(ledger);
  const taken = claimants.map((claimant, at) => firstFit(trial, claimant, options, wanted[at] ?? 0));
  const failure = tryWrites(ledger, claimants, options, taken);
  assert(failure === undefined, 'what fits one by one fits together');
  return taken;
}

/** Whether a claim was refused because there is not that much there, or not any more: something else may still do. */
export function isLackOfRoom(error: unknown): error is BerthError {
  if (error instanceof CapacityExceeded || error instanceof NoInventory || error instanceof UnitsViolated) return true;
  const gone: readonly unknown[] = [REASONS.providerNotFound, REASONS.resourceClassNotFound];
  return error instanceof BerthError && gone.includes(error.reason);
}

function firstFit(ledger: Ledger, claimant: Claimant, options: readonly ClaimOption[], wanted: number): number {
  let refusal: BerthError | undefined;
  for (const at of [wanted, ...options.keys()]) {
    if (refusal !== undefined && at === wanted) continue;
    refusal = tryWrites(ledger, [claimant], options, [at]);
    if (refusal === undefined) return at;
  }
  assert(refusal !== undefined, 'there are options');
  throw refusal;
}

/** Lets it happen, or answers why there is no room for it. Throws what has nothing to do with room. */
function tryWrites(
  ledger: Ledger,
  claimants: readonly Claimant[],
  options: readonly ClaimOption[],
  taken: readonly number[],
): BerthError | undefined {
  const writes = claimants.map((claimant, at) => ({ ...claimant, allocations: options[taken[at] ?? 0] ?? [] }));
  try {
    applyWrites(ledger, writes, unknownClass);
    return undefined;
  } catch (error) {
    if (isLackOfRoom(error)) return error;
    throw error;
  }
}
