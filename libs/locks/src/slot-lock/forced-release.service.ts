import { openPools, planSlots, settlePools, toGeneration, type SlotOf, type SlotSettlement } from '#berth/domain';
import {
  ConsumerStore,
  GenerationService,
  SlotLockStore,
  Transactions,
  type SlotLock,
  type SlotLockFilter,
  type Tx,
} from '#berth/store';
import { Injectable, Logger } from '@nestjs/common';
import { RELEASE_AT_ONCE } from './slot-locks.service.js';

/** Takes slots from whoever holds them: the admin's way out where a holder will never come back. */
@Injectable()
export class ForcedReleaseService {
  private readonly logger = new Logger(ForcedReleaseService.name);

  constructor(
    private readonly transactions: Transactions,
    private readonly slots: SlotLockStore,
    private readonly consumers: ConsumerStore,
    private readonly generations: GenerationService,
  ) {}

  /**
   * Takes what matches from its holders and answers from whom. A consumer keeps its allocations; its generation rises, so
   * that its next write is told. `by`: who does it, for the log. In several transactions where it is much.
   */
  async release(filter: SlotLockFilter, by: string): Promise<readonly SlotLock[]> {
    const released: SlotLock[] = [];
    let after: SlotOf | undefined;
    for (;;) {
      const page = await this.transactions.single('slotLocks.list', (tx) =>
        this.slots.list(tx, filter, after, RELEASE_AT_ONCE),
      );
      if (page.length > 0) {
        const gone = await this.transactions.run('slotLocks.force', (tx) => this.releasePage(tx, page));
        this.log(gone, by);
        released.push(...gone);
      }
      after = page.at(-1);
      if (page.length < RELEASE_AT_ONCE) return released;
    }
  }

  private async releasePage(tx: Tx, page: readonly SlotLock[]): Promise<readonly SlotLock[]> {
    const consumers = await this.consumers.lockByUuids(tx, [
      ...new Set(page.flatMap(({ consumer }) => consumer ?? [])),
    ]);
    const [read, found, held] = await Promise.all([
      this.slots.lockPools(tx, [], new Set(page.map(({ key }) => key))),
      this.slots.listByIds(
        tx,
        page.map(({ id }) => id),
      ),
      this.slots.listByConsumers(
        tx,
        consumers.map(({ id }) => id),
      ),
    ]);
    const open = openPools(read);
    const plan = planSlots(open, [{ before: found, wanted: [] }]);
    const pools = settlePools(read, plan.status === 'planned' ? new Map([...open, ...plan.pools]) : open);
    const released = new Set(found.map(({ id }) => id));
    const losing = consumers.filter(({ uuid }) => found.some(({ consumer }) => consumer === uuid));
    const settlement: SlotSettlement = { pools, released: [...released], taken: [], kept: [] };
    await Promise.all([
      this.slots.write(tx, settlement, new Map()),
      this.consumers.setHoldsSlots(
        tx,
        losing.map(({ id }) => ({ id, holds: (held.get(id) ?? []).some((one) => !released.has(one.id ?? '')) })),
      ),
      this.generations.advance(
        tx,
        'consumer',
        losing.map(({ id, generation }) => ({ id, from: generation, to: toGeneration(generation + 1) })),
      ),
    ]);
    return found;
  }

  private log(released: readonly SlotLock[], by: string): void {
    for (const { key, slot, consumer, owner } of released) {
      const holder = consumer === null ? `owner ${JSON.stringify(owner)}` : `consumer ${consumer}`;
      this.logger.warn(`slot ${slot} of ${JSON.stringify(key)} was taken from ${holder} by ${by}`);
    }
  }
}
