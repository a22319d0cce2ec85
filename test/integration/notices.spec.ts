import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Notices, openDataSource, Transactions } from '#berth/store';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

describe('notices', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let notices: Notices;
  let sql: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await openDataSource(database.url);
    notices = new Notices(dataSource);
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
  });

  afterAll(async () => {
    await notices.onApplicationShutdown();
    await dataSource.destroy();
    await sql.end();
    await database.drop();
  });

  interface Ear {
    readonly words: string[];
    looks: number;
    readonly stop: () => void;
  }

  function listen(channel: string): Ear {
    const words: string[] = [];
    const ear: Ear = {
      words,
      looks: 0,
      stop: notices.listen(channel, { heard: (word) => words.push(word), lookAgain: () => (ear.looks += 1) }),
    };
    return ear;
  }

  const begun = (ear: Ear, looks = 1): Promise<boolean> =>
    waitFor(() => ear.looks >= looks, { what: 'listening to begin' });
  const tell = (channel: string, payload: string): Promise<void> =>
    new Transactions(dataSource).run('tell', (tx) => notices.tell(tx, [{ channel, payload }]));
  const connections = async (): Promise<number[]> =>
    (
      await sql.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'berth notices' and datname = current_database()`,
      )
    ).rows.map(({ pid }) => pid);

  it('are heard by those who listen on the channel, and by nobody else', async () => {
    const [one, same, other] = [listen('one'), listen('one'), listen('other')];
    await Promise.all([one, same, other].map((ear) => begun(ear)));
    await tell('one', 'first');
    await tell('other', 'end');
    await waitFor(() => other.words.length > 0, { what: 'the last word' });
    expect([one.words, same.words, other.words]).toEqual([['first'], ['first'], ['end']]);
    expect(await connections()).toHaveLength(1);
    one.stop();
    await tell('one', 'second');
    await waitFor(() => same.words.length > 1, { what: 'the second word' });
    expect(one.words).toEqual(['first']);
    same.stop();
    other.stop();
  });

  it('come with the commit, and not at all if there is none', async () => {
    const ear = listen('commit');
    await begun(ear);
    const failed = new Transactions(dataSource).run('tell', async (tx) => {
      await notices.tell(tx, [{ channel: 'commit', payload: 'never' }]);
      throw new Error('given up');
    });
    await expect(failed).rejects.toThrow('given up');
    await tell('commit', 'now');
    await waitFor(() => ear.words.length > 0, { what: 'the word' });
    expect(ear.words).toEqual(['now']);
    ear.stop();
  });

  it('tell those who come while others listen that listening has begun', async () => {
    const first = listen('standing');
    await begun(first);
    const second = listen('standing');
    await begun(second);
    expect(first.looks).toBe(1);
    first.stop();
    second.stop();
  });

  it('say so when the connection was lost, and go on', async () => {
    const ear = listen('lost');
    await begun(ear);
    const [pid] = await connections();
    await sql.query('select pg_terminate_backend($1)', [pid]);
    await begun(ear, 2);
    await tell('lost', 'again');
    await waitFor(() => ear.words.length > 0, { what: 'the word' });
    expect(ear.words).toEqual(['again']);
    ear.stop();
  });
});
