import type { AuditPage, Finding, LeaseCriteria } from '#berth/domain';
import {
  LeaseAuditStore,
  SlotLockStore,
  Transactions,
  UnusedLockStore,
  type DeadRequest,
  type OverdueHold,
  type OverdueKey,
  type OverduePermit,
  type Tx,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { forgetUnused } from '../cluster-lock/lock-retention.js';
import { releaseExpired } from '../slot-lock/slot-lock-sweeper.js';

const PORTION = 500;

/** What is over and should have been swept, or has been of no use to anybody for long. Source: docs/audit.md. */
@Injectable()
export class LeaseAudit {
  constructor(
    private readonly transactions: Transactions,
    private readonly leases: LeaseAuditStore,
    private readonly slots: SlotLockStore,
    private readonly unused: UnusedLockStore,
  ) {}

  async *look(criteria: LeaseCriteria): AsyncGenerator<AuditPage> {
    yield* this.slotLeases(criteria.graceSeconds);
    yield* this.holds(criteria.graceSeconds);
    yield* this.requests(criteria.graceSeconds);
    yield* this.sessions(criteria.graceSeconds);
    yield* this.permits(criteria.graceSeconds);
    yield* this.forgettable(criteria.unusedForSeconds);
  }

  private slotLeases(grace: number): AsyncGenerator<AuditPage> {
    return pages(
      (tx, last: OverdueKey | undefined) => this.leases.listSlotKeys(tx, grace, last?.key ?? '', PORTION),
      this.transactions,
      ({ key, slots, sinceMs }) =>
        finding('slot-lease-over', key, `${slots} slots of '${key}' are held beyond their leases`, {
          facts: { slots, since: timeOf(sinceMs) },
          repair: async () => {
            const freed = await this.transactions.run('audit.slots', (tx) => releaseExpired(tx, this.slots, [key]));
            return freed > 0;
          },
        }),
    );
  }

  private holds(grace: number): AsyncGenerator<AuditPage> {
    const first: Pick<OverdueHold, 'lockId' | 'owner'> = { lockId: '0', owner: '' };
    return pages(
      (tx, last: OverdueHold | undefined) => this.leases.listHolds(tx, grace, last ?? first, PORTION),
      this.transactions,
      (hold) =>
        finding(
          'cluster-hold-over',
          `${hold.lockspace}/${hold.name}`,
          `'${hold.owner}' still stands as holder of '${hold.name}' in '${hold.lockspace}'`,
          {
            facts: { owner: hold.owner, since: timeOf(hold.sinceMs) },
            repair: () => this.transactions.run('audit.hold', (tx) => this.leases.endHold(tx, hold, grace)),
          },
        ),
    );
  }

  private requests(grace: number): AsyncGenerator<AuditPage> {
    return pages(
      (tx, last: DeadRequest | undefined) => this.leases.listRequests(tx, grace, last?.id ?? '0', PORTION),
      this.transactions,
      ({ id, owner, deadlineMs }) =>
        finding('cluster-request-over', id, `request ${id} of '${owner}' still stands in line`, {
          facts: { owner, deadline: timeOf(deadlineMs) },
          repair: () => this.transactions.run('audit.request', (tx) => this.leases.removeRequest(tx, id, grace)),
        }),
    );
  }

  private async *sessions(grace: number): AsyncGenerator<AuditPage> {
    const sessions = await this.transactions.single('audit.sessions', (tx) => this.leases.countSessions(tx, grace));
    if (sessions === 0) return;
    const found = finding('session-over', 'cluster locks', `${sessions} servers are gone and left their rows`, {
      facts: { sessions },
      repair: () => this.transactions.run('audit.session', (tx) => this.leases.removeSessions(tx, grace)),
    });
    yield { scanned: sessions, findings: [found] };
  }

  private permits(grace: number): AsyncGenerator<AuditPage> {
    return pages(
      (tx, last: OverduePermit | undefined) => this.leases.listPermits(tx, grace, last?.id ?? '0', PORTION),
      this.transactions,
      (permit) =>
        finding(
          'permit-over',
          `${permit.pool}/${permit.key}`,
          `'${permit.owner}' still ${permit.isHeld ? 'holds' : 'waits for'} '${permit.key}' of pool '${permit.pool}'`,
          {
            facts: { owner: permit.owner, held: permit.isHeld, since: timeOf(permit.sinceMs) },
            repair: () => this.transactions.run('audit.permit', (tx) => this.leases.removePermit(tx, permit, grace)),
          },
        ),
    );
  }

  /** One finding for all: there may be millions, and none of them is wrong by itself. */
  private async *forgettable(unusedForSeconds: number): AsyncGenerator<AuditPage> {
    let owners = 0;
    let locks = 0;
    for (let after = '0'; ;) {
      const page = await this.transactions.single('audit.unused', (tx) =>
        this.unused.list(tx, unusedForSeconds, after, PORTION),
      );
      if (page === undefined) break;
      owners += page.owners;
      locks += page.locks;
      after = page.last;
      yield { scanned: page.scanned, findings: [] };
    }
    if (owners + locks === 0) return;
    const text = `${locks} cluster locks, and what ${owners} owners saw of locks, are of no use to anybody any more`;
    const found = finding('cluster-lock-unused', 'cluster locks', text, {
      facts: { locks, owners, unused_for_seconds: unusedForSeconds },
      repair: async () => (await forgetUnused(this.transactions, this.unused, unusedForSeconds)) > 0,
    });
    yield { scanned: 0, findings: [found] };
  }
}

function finding(
  kind: string,
  subject: string,
  text: string,
  { facts, repair }: { readonly facts: Finding['facts']; readonly repair: () => Promise<boolean> },
): Finding {
  return {
    ...{ kind, subject, text, facts, isNote: false },
    repair: async () => ((await repair()) ? 'repaired' : 'changed'),
  };
}

/** A walk along a list in its order, each portion behind the last row of the one before it. */
async function* pages<Row>(
  list: (tx: Tx, last: Row | undefined) => Promise<readonly Row[]>,
  transactions: Transactions,
  toFinding: (row: Row) => Finding,
): AsyncGenerator<AuditPage> {
  let last: Row | undefined;
  for (;;) {
    const rows = await transactions.single('audit.leases', (tx) => list(tx, last));
    if (rows.length > 0) yield { scanned: rows.length, findings: rows.map(toFinding) };
    last = rows.at(-1);
    if (rows.length < PORTION) return;
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
