import {
  AllocationStore,
  ConsumerStore,
  Transactions,
  type ConsumerAllocations,
  type ConsumerFilter,
} from '#berth/store';
import { Injectable } from '@nestjs/common';

/** One page of consumers with what they hold. */
export interface ConsumersPage {
  readonly consumers: readonly { readonly uuid: string; readonly held: ConsumerAllocations }[];
  /** What the next page begins after; undefined: this was the last. */
  readonly next: string | undefined;
}

/** Reads of many consumers at once. */
@Injectable()
export class AllocationQueriesService {
  constructor(
    private readonly transactions: Transactions,
    private readonly consumers: ConsumerStore,
    private readonly allocations: AllocationStore,
  ) {}

  /**
   * A page of the consumers that pass the filter, in order of creation, as one state of the database. A consumer that
   * stays while somebody goes from page to page is met exactly once.
   */
  page(filter: ConsumerFilter, after: string, limit: number): Promise<ConsumersPage> {
    return this.transactions.read('allocations.page', async (tx) => {
      const found = await this.consumers.page(tx, filter, after, limit + 1);
      const shown = found.slice(0, limit);
      const held = await this.allocations.findByConsumers(
        tx,
        shown.map(({ uuid }) => uuid),
      );
      return {
        consumers: shown.flatMap(({ uuid }, index) => {
          const one = held[index];
          return one === undefined ? [] : [{ uuid, held: one }];
        }),
        next: found.length > limit ? shown.at(-1)?.id : undefined,
      };
    });
  }
}
