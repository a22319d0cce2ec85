import type { AuditPage, ConsumerCriteria, Finding } from '#berth/domain';
import { ConsumerAuditStore, Transactions, type FoundConsumer } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ConsumerRemoval } from './consumer-removal.js';

const PORTION = 1_000;

/** Allocations of consumers that nobody confirms. Source: docs/audit.md. */
@Injectable()
export class UnconfirmedConsumers {
  constructor(
    private readonly transactions: Transactions,
    private readonly consumers: ConsumerAuditStore,
    private readonly removal: ConsumerRemoval,
  ) {}

  /** Without criteria nobody is unconfirmed. */
  async *look(criteria: ConsumerCriteria | undefined): AsyncGenerator<AuditPage> {
    if (criteria === undefined) return;
    const { unchangedForSeconds: forSeconds, types, isLive } = criteria;
    for (let after = '0'; ;) {
      const page = await this.transactions.single('audit.unconfirmed', (tx) =>
        this.consumers.listUnchanged(tx, { forSeconds, types }, after, PORTION),
      );
      if (page === undefined) return;
      after = page.last;
      const found = page.found.filter(({ uuid }) => isLive === undefined || !isLive(uuid));
      yield { scanned: page.scanned, findings: found.map((consumer) => this.finding(consumer)) };
    }
  }

  private finding(consumer: FoundConsumer): Finding {
    const { uuid, type, project, generation, changedAtMs } = consumer;
    const since = new Date(changedAtMs).toISOString();
    return {
      kind: 'consumer-unconfirmed',
      subject: uuid,
      text: `consumer of type ${type} and project ${project}, not written since ${since}, holds allocations`,
      facts: { type, project, generation, changed_at: since },
      isNote: false,
      repair: () => this.removal.remove(consumer, () => true),
    };
  }
}
