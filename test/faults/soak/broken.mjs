/**
 * Makes the built service break the rules that SOAK_BROKEN names, from outside: what ships knows nothing of it.
 * Loaded with `node --import`. Only the test that tries the soak's checks does so.
 */
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';

const dist = new URL('../../../dist/libs/', import.meta.url);
const load = (path) => import(new URL(`store/src/${path}.js`, dist));
const { Transactions } = await load('transaction');
const { LedgerStore } = await load('ledger/ledger.store');
const inventories = await load('inventory/inventory.sql');
const allocations = await load('allocation/allocation.sql');
const slots = await load('slot-lock/slot-lock.sql');
const fences = await load('fence/fence.sql');
const generations = await load('generation/generation.sql');

const { commit } = Transactions.prototype;
const { read } = LedgerStore.prototype;
const { release } = PostgresQueryRunner.prototype;

const BREAKS = {
  /** Acknowledges what is not committed yet. */
  early() {
    Transactions.prototype.commit = function (...given) {
      commit.apply(this, given).catch(() => undefined);
      return Promise.resolve();
    };
  },
  /** Says that nothing was written when nobody knows. */
  hasty() {
    Transactions.prototype.commit = (client) => client.query('commit');
  },
  /** Gives out ten times what there is. */
  capacity() {
    LedgerStore.prototype.read = async function (...given) {
      const ledger = await read.apply(this, given);
      for (const { inventories: records } of ledger.providers.values())
        for (const [id, record] of records) records.set(id, { ...record, total: record.total * 10 });
      return ledger;
    };
    inventories.addUsed.text = inventories.addUsed.text.replace('i.total', '10 * i.total');
  },
  /** Writes a part of what belongs together: of several allocations the last is left out. */
  parts() {
    allocations.insert.text += ' limit greatest(1, cardinality($1::bigint[]) - 1)';
  },
  /** A slot that is given up is not given back. */
  slots() {
    slots.removePools.text = 'select 1 from unnest($1::text[]) where false';
  },
  /** Every token will do. */
  fence() {
    fences.listStale.text = 'select 1::int as place from unnest($1::text[], $2::text[], $3::bigint[]) where false';
  },
  /** A connection is never given back to the pool. */
  pool() {
    let isKept = false;
    PostgresQueryRunner.prototype.release = function () {
      if (isKept) return release.apply(this);
      isKept = true;
      return Promise.resolve();
    };
  },
  /** Some changes are not written down. */
  feed() {
    const { consumer } = generations.advance;
    consumer.text = consumer.text.replace(
      'generation from moved)',
      'generation from moved where moved.generation % 2 = 0)',
    );
  },
};

for (const rule of process.env.SOAK_BROKEN?.split(',') ?? []) BREAKS[rule]?.();
