import type { AuditPage, ConsumerCriteria, Finding } from '#berth/domain';
import { ConsumerAuditStore, Transactions, type FoundConsumer } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ConsumerRemoval } from './consumer-removal.js';
import { walk } from './walk.js';

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
    yield* walk(
      '0',
      (after) =>
        this.transactions.single('audit.unconfirmed', (tx) =>
          this.consumers.listUnchanged(tx, { forSeconds, types }, after, PORTION),
        ),
      (consumer) => (isLive?.(consumer.uuid) ? undefined : this.finding(consumer)),
    );
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
