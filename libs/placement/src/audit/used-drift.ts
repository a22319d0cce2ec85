import type { AuditPage, Finding, Repair } from '#berth/domain';
import {
  GenerationService,
  InventoryAuditStore,
  LostRace,
  Transactions,
  type InventoryPlace,
  type OddInventory,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { walk } from './walk.js';

const PORTION = 2_000;

/** Before every inventory: classes are counted from 0. */
export const FIRST_INVENTORY: InventoryPlace = { providerId: 0, classId: -1 };

/** Inventories whose `used` is not the sum of what is allocated of them. Source: docs/audit.md, docs/adr/0004. */
@Injectable()
export class UsedDrift {
  constructor(
    private readonly transactions: Transactions,
    private readonly inventories: InventoryAuditStore,
    private readonly generations: GenerationService,
  ) {}

  look(): AsyncGenerator<AuditPage> {
    return walk(
      FIRST_INVENTORY,
      (after) => this.transactions.single('audit.drift', (tx) => this.inventories.listDrift(tx, after, PORTION)),
      (odd) => this.finding(odd),
    );
  }

  private finding(odd: OddInventory): Finding {
    const { providerUuid, resourceClass, used, expected } = odd;
    return {
      kind: 'used-drift',
      subject: providerUuid,
      text: `${resourceClass} is counted as ${used} used, and ${expected} are allocated`,
      facts: { resource_class: resourceClass, used, allocated: expected },
      isNote: false,
      repair: () => this.repair(odd),
    };
  }

  /**
   * Counts anew under the provider's row lock, which every writer of its allocations takes. The generation rises: with it goes the
   * line in the log of changes by which the servers learn it, and who decided on the wrong number is told.
   */
  private repair(odd: OddInventory): Promise<Repair> {
    return this.transactions.run('audit.setUsed', async (tx) => {
      const generation = await this.generations.lock(tx, odd.providerId);
      if (generation === undefined || !(await this.inventories.setUsed(tx, odd))) return 'changed';
      const bump = await this.generations.increment(tx, 'provider', odd.providerId, generation);
      if (bump.status !== 'bumped') throw new LostRace('a generation moved under the lock');
      return 'repaired';
    });
  }
}
