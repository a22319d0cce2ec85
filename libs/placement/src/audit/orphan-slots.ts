import type { AuditPage, Finding, Repair } from '#berth/domain';
import {
  ConsumerAuditStore,
  ConsumerStore,
  SlotAuditStore,
  SlotLockStore,
  Transactions,
  type FoundConsumer,
  type WrongPool,
} from '#berth/store';
import { Injectable } from '@nestjs/common';
import { ConsumerRemoval } from './consumer-removal.js';
import { walk } from './walk.js';

const PORTION = 1_000;

/** Slot locks that nobody holds by rights, and numbers beside them that do not add up. Source: docs/audit.md. */
@Injectable()
export class OrphanSlots {
  constructor(
    private readonly transactions: Transactions,
    private readonly odd: ConsumerAuditStore,
    private readonly consumers: ConsumerStore,
    private readonly pools: SlotAuditStore,
    private readonly slots: SlotLockStore,
    private readonly removal: ConsumerRemoval,
  ) {}

  /** Marks and numbers first: removing a consumer goes by them. */
  async *look(): AsyncGenerator<AuditPage> {
    yield* this.walkConsumers('wrong-flag', (consumer) => this.wrongFlag(consumer));
    yield* this.wrongPools();
    yield* this.lostKeys();
    yield* this.walkConsumers('only-slots', (consumer) => this.withoutAllocations(consumer));
  }

  private walkConsumers(
    way: 'wrong-flag' | 'only-slots',
    toFinding: (consumer: FoundConsumer) => Finding,
  ): AsyncGenerator<AuditPage> {
    return walk(
      '0',
      (after) => this.transactions.single('audit.slots', (tx) => this.odd.listOdd(tx, way, after, PORTION)),
      toFinding,
    );
  }

  private wrongPools(): AsyncGenerator<AuditPage> {
    return walk(
      '',
      (after) => this.transactions.single('audit.pools', (tx) => this.pools.listWrongPools(tx, after, PORTION)),
      (pool) => this.wrongPool(pool),
    );
  }

  private async *lostKeys(): AsyncGenerator<AuditPage> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const behind: string = after;
      const keys = await this.transactions.single('audit.lostKeys', (tx) =>
        this.pools.listLostKeys(tx, behind, PORTION),
      );
      after = keys.length < PORTION ? undefined : keys.at(-1);
      const findings = keys.map((key) => this.wrongPool({ key, high: 0, held: 0, locks: 0, free: 0 }));
      yield { scanned: keys.length, findings };
    }
  }

  private wrongFlag(consumer: FoundConsumer): Finding {
    const { id, uuid, holdsSlots } = consumer;
    return {
      kind: 'slot-mark-wrong',
      subject: uuid,
      text: holdsSlots
        ? 'consumer is marked as a holder of slots, and has none'
        : 'consumer has slots and is not marked',
      facts: { marked: holdsSlots },
      isNote: false,
      repair: () =>
        this.transactions.run('audit.mark', async (tx): Promise<Repair> => {
          const [locked] = await this.consumers.lockByUuids(tx, [uuid]);
          return locked?.id === id && (await this.odd.setFlag(tx, id)) ? 'repaired' : 'changed';
        }),
    };
  }

  private wrongPool({ key, high, held, locks, free }: WrongPool): Finding {
    return {
      kind: 'slot-count-wrong',
      subject: key,
      text: `the numbers of the key (${held} held, ${high} given out) are not those of its slots (${locks} held, ${free} free)`,
      facts: { held, high, locks, free },
      isNote: false,
      repair: () =>
        this.transactions.run('audit.rebuild', async (tx): Promise<Repair> => {
          await this.slots.lockPools(tx, [], [key]);
          await this.pools.rebuild(tx, key);
          return 'repaired';
        }),
    };
  }

  private withoutAllocations(consumer: FoundConsumer): Finding {
    return {
      kind: 'slots-without-allocations',
      subject: consumer.uuid,
      text: 'consumer holds slots and nothing else',
      facts: { type: consumer.type, project: consumer.project },
      isNote: false,
      repair: () => this.removal.remove(consumer, ({ holdings }) => holdings.length === 0),
    };
  }
}
