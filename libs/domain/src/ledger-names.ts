import { checkConsumerGeneration, type AllocationWrite } from './allocation.js';
import { Invalid, ProviderGenerationConflict } from './errors.js';
import type { Ledger } from './ledger.js';
import { REASONS } from './reasons.js';

/**
 * Compares consumer generations, then looks whether every named provider exists. Throws GenerationConflict or
 * Invalid. Source: spec allocations.md §5 (a), (b).
 */
export function checkNames(ledger: Ledger, writes: readonly AllocationWrite[]): void {
  for (const { consumerUuid, consumerGeneration } of writes) {
    checkConsumerGeneration(consumerUuid, ledger.consumers.get(consumerUuid)?.generation, consumerGeneration);
  }
  for (const { providerUuid, generation } of writes.flatMap(({ allocations }) => allocations)) {
    const provider = ledger.providers.get(providerUuid);
    if (provider === undefined) {
      throw new Invalid(`Allocation for resource provider '${providerUuid}' that does not exist.`, {
        reason: REASONS.providerNotFound,
        facts: { resource_provider: providerUuid },
      });
    }
    if (generation === undefined || generation === provider.generation) continue;
    const message = 'resource provider generation conflict';
    throw new ProviderGenerationConflict(message, providerUuid, provider.generation, generation);
  }
}
