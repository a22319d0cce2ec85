import type { AuditPage, Finding } from '#berth/domain';
import {
  ConsumerAuditStore,
  InventoryAuditStore,
  Transactions,
  type FoundConsumer,
  type OddInventory,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ConsumerRemoval } from './consumer-removal.js';
import { OrphanProviders } from './orphan-providers.js';
import { FIRST_INVENTORY } from './used-drift.js';
import { walk } from './walk.js';

const PORTION = 2_000;

/** Rows that lead nowhere, or that contradict each other. Source: docs/audit.md, spec data_model.md §1. */
@Injectable()
export class Orphans {
  constructor(
    private readonly transactions: Transactions,
    private readonly inventories: InventoryAuditStore,
    private readonly consumers: ConsumerAuditStore,
    private readonly supply: OrphanProviders,
    private readonly removal: ConsumerRemoval,
  ) {}

  async *look(): AsyncGenerator<AuditPage> {
    yield* this.supply.look();
    yield* this.emptyConsumers();
    yield* this.overCapacity();
    yield await this.unusedNames();
  }

  private emptyConsumers(): AsyncGenerator<AuditPage> {
    return walk(
      '0',
      (after) =>
        this.transactions.single('audit.consumers', (tx) => this.consumers.listOdd(tx, 'empty', after, PORTION)),
      (consumer) => this.emptyConsumer(consumer),
    );
  }

  private emptyConsumer(consumer: FoundConsumer): Finding {
    return {
      kind: 'consumer-empty',
      subject: consumer.uuid,
      text: 'consumer holds nothing',
      facts: { type: consumer.type, project: consumer.project },
      isNote: false,
      repair: () => this.removal.remove(consumer, ({ holdings, slots }) => holdings.length + slots.length === 0),
    };
  }

  private overCapacity(): AsyncGenerator<AuditPage> {
    return walk(
      FIRST_INVENTORY,
      (after) => this.transactions.single('audit.capacity', (tx) => this.inventories.listExceeded(tx, after, PORTION)),
      overCapacity,
    );
  }

  private async unusedNames(): Promise<AuditPage> {
    const { projects, users } = await this.transactions.single('audit.unusedNames', (tx) =>
      this.consumers.countUnusedNames(tx),
    );
    if (projects + users === 0) return { scanned: 1, findings: [] };
    const text = `no consumer has ${projects} projects and ${users} users; names are kept, as Placement keeps them`;
    const facts = { projects, users };
    return { scanned: 1, findings: [{ kind: 'names-unused', subject: 'names', text, facts, isNote: true }] };
  }
}

/** An inventory may shrink below what is used of it: no more is given out then, and nothing is wrong. */
function overCapacity({ providerUuid, resourceClass, used, expected }: OddInventory): Finding {
  return {
    kind: 'over-capacity',
    subject: providerUuid,
    text: `${used} of ${resourceClass} are used, and there is room for ${expected}`,
    facts: { resource_class: resourceClass, used, capacity: expected },
    isNote: true,
  };
}
