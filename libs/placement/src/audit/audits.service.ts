import type { AuditName, AuditPage, ConsumerCriteria, GoneCriteria, LeaseCriteria } from '#berth/domain';
import { LeaseAudit } from '#berth/locks';
import { Injectable } from '@nestjs/common';
import { GoneTrees } from './gone-trees.js';
import { OrphanSlots } from './orphan-slots.js';
import { Orphans } from './orphans.js';
import { UnconfirmedConsumers } from './unconfirmed-consumers.js';
import { UsedDrift } from './used-drift.js';

/** What each audit goes by. */
export interface AuditCriteria {
  /** undefined: no consumer is unconfirmed. Nobody but an admin knows which of them are still wanted. */
  readonly consumers: ConsumerCriteria | undefined;
  readonly gone: GoneCriteria;
  readonly leases: LeaseCriteria;
}

/** So many repairs may run at once: claims share transactions, the others only trips, and a tree goes leaf by leaf. */
const AT_ONCE: Readonly<Record<AuditName, number>> = {
  'used-drift': 4,
  'orphan-slots': 4,
  'expired-leases': 4,
  orphans: 4,
  'gone-trees': 1,
  'unconfirmed-consumers': 64,
};

/** Finds what does not add up, and repairs it where it is asked to. Source: docs/audit.md, docs/adr/0025. */
@Injectable()
export class AuditsService {
  constructor(
    private readonly consumers: UnconfirmedConsumers,
    private readonly trees: GoneTrees,
    private readonly drift: UsedDrift,
    private readonly slots: OrphanSlots,
    private readonly leases: LeaseAudit,
    private readonly orphans: Orphans,
  ) {}

  /** Goes through everything that an audit is about, a portion at a time. Writes nothing; findings carry their repairs. */
  look(name: AuditName, criteria: AuditCriteria): AsyncGenerator<AuditPage> {
    const looks: Readonly<Record<AuditName, () => AsyncGenerator<AuditPage>>> = {
      'used-drift': () => this.drift.look(),
      'orphan-slots': () => this.slots.look(),
      'expired-leases': () => this.leases.look(criteria.leases),
      orphans: () => this.orphans.look(),
      'gone-trees': () => this.trees.look(criteria.gone),
      'unconfirmed-consumers': () => this.consumers.look(criteria.consumers),
    };
    return looks[name]();
  }

  /** How many repairs of an audit may run at the same time, in the order in which they were found. */
  repairsAtOnce(name: AuditName): number {
    return AT_ONCE[name];
  }
}
