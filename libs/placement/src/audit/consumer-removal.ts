import { applyRemoval, Conflict, NotFound, type LedgerConsumer, type Repair } from '#berth/domain';
import type { FoundConsumer } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Claims } from '../claims.js';

/** Removes consumers that an audit found, as a client would remove their allocations. */
@Injectable()
export class ConsumerRemoval {
  constructor(private readonly claims: Claims) {}

  /**
   * Removes a consumer with allocations and slots if it still is the one that was found: same row, same generation, both
   * compared under its row lock, and `stillSo`, asked there too. 'changed' otherwise, and nothing is written.
   */
  async remove(found: FoundConsumer, stillSo: (consumer: LedgerConsumer) => boolean): Promise<Repair> {
    try {
      return await this.claims.run({
        consumerUuids: [found.uuid],
        apply: (ledger): Repair => {
          const consumer = ledger.consumers.get(found.uuid);
          // Another row under the same uuid may well be of the same generation.
          if (consumer === undefined || consumer.id !== found.id || !stillSo(consumer)) return 'changed';
          applyRemoval(ledger, found.uuid, found.generation);
          return 'repaired';
        },
      });
    } catch (error) {
      if (error instanceof Conflict || error instanceof NotFound) return 'changed';
      throw error;
    }
  }
}
