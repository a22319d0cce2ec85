import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { ChangeKind } from '#berth/domain';
import * as consumerSql from '../../libs/store/src/consumer/consumer.sql.js';
import * as generationSql from '../../libs/store/src/generation/generation.sql.js';
import { run, type Tx } from '../../libs/store/src/sql.js';

/** A change as somebody tells it. */
export interface Told {
  readonly kind: ChangeKind;
  readonly uuid: string;
  readonly generation: number;
  readonly deleted: boolean;
}

/** A change as its writer knows it: `order` rises for each key, because it is drawn under the key's lock. */
export interface Written extends Told {
  readonly order: number;
}

export const providerUuid = (id: number): string => `00000000-0000-4000-8000-${`${id}`.padStart(12, '0')}`;

export const keyOf = ({ kind, uuid }: Told): string => `${kind} ${uuid}`;

/** Consumers that all writers share, so that one adds again what another removed. */
const CONSUMERS = Array.from({ length: 12 }, () => randomUUID());

let order = 0;

/** Writes changes with the statements of the store, in transactions of all lengths, and notes those that were committed. */
export class LogWriter {
  readonly told: Written[] = [];

  constructor(
    private readonly databaseUrl: string,
    private readonly index: number,
    private readonly providers: number,
  ) {}

  async write(transactions: number): Promise<void> {
    const client = await connected(this.databaseUrl);
    await client.query(`insert into projects (external_id) values ('p') on conflict do nothing`);
    await client.query(`insert into users (external_id) values ('u') on conflict do nothing`);
    for (let done = 0; done < transactions; done += 1) {
      await client.query('begin');
      // As the service does it: the id is drawn at the beginning, the locks are taken later.
      await client.query('select pg_current_xact_id()');
      const written: Written[] = [];
      for (const change of this.drawn()) {
        const undone = Math.random() < 0.2;
        if (undone) await client.query('savepoint s');
        const one = await change({ client });
        if (undone) await client.query('rollback to savepoint s');
        else if (one !== undefined) written.push(one);
      }
      // Most transactions are short, some stay open across many readings.
      await new Promise((resolve) => setTimeout(resolve, Math.random() < 0.1 ? 60 : Math.random() * 4));
      const kept = Math.random() > 0.15;
      await client.query(kept ? 'commit' : 'rollback');
      if (kept) this.told.push(...written);
    }
    await client.end();
  }

  /** Raises one provider in a transaction of its own. */
  async raise(id: number): Promise<void> {
    const client = await connected(this.databaseUrl);
    await raised({ client }, id);
    await client.end();
  }

  /** What a transaction does: consumers, then providers, each in order, so that writers never wait in a circle. */
  private drawn(): ((tx: Tx) => Promise<Written | undefined>)[] {
    const consumers = Math.random() < 0.5 ? [CONSUMERS[(this.index + order) % CONSUMERS.length] ?? ''] : [];
    const ids = new Set<number>();
    while (ids.size < 1 + Math.floor(Math.random() * 3)) ids.add(1 + Math.floor(Math.random() * this.providers));
    return [
      ...consumers.map((uuid) => (tx: Tx) => consumed(tx, uuid)),
      ...[...ids].sort((a, b) => a - b).map((id) => (tx: Tx) => raised(tx, id)),
    ];
  }
}

/** Consumers added in a transaction that stays open until it is told to commit. */
export async function addedConsumers(databaseUrl: string, count: number): Promise<{ commit(): Promise<void> }> {
  const client = await connected(databaseUrl);
  await client.query('begin');
  for (let added = 0; added < count; added += 1) await consumed({ client }, randomUUID());
  return {
    commit: async () => {
      await client.query('commit');
      await client.end();
    },
  };
}

async function raised(tx: Tx, id: number): Promise<Written | undefined> {
  const { rows } = await run(tx, generationSql.lockProvider, [id]);
  const from = rows[0]?.generation ?? 0;
  await run(tx, generationSql.advance.provider, [[id], [from], [from + 1], [Math.random() < 0.5]]);
  return { kind: 'provider', uuid: providerUuid(id), generation: from + 1, deleted: false, order: (order += 1) };
}

/** Adds the consumer, raises it or removes it. */
async function consumed(tx: Tx, uuid: string): Promise<Written | undefined> {
  const { rows: known } = await run(tx, consumerSql.lockByUuids, [[uuid]]);
  const [consumer] = known;
  if (consumer === undefined) {
    const { rows } = await run(tx, consumerSql.insert, [[uuid], ['p'], ['u'], [null], [1], [false]]);
    // Somebody else added it a moment before.
    if (rows.length === 0) return undefined;
    return { kind: 'consumer', uuid, generation: 1, deleted: false, order: (order += 1) };
  }
  const { id, generation } = consumer;
  if (Math.random() < 0.4) {
    await run(tx, consumerSql.remove, [[id]]);
    return { kind: 'consumer', uuid, generation, deleted: true, order: (order += 1) };
  }
  await run(tx, generationSql.advance.consumer, [[id], [generation], [generation + 1]]);
  return { kind: 'consumer', uuid, generation: generation + 1, deleted: false, order: (order += 1) };
}

async function connected(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client;
}
