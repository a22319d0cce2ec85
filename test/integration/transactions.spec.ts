import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openStore, type OpenStore } from '../support/open-store.js';

let store: OpenStore;

beforeAll(async () => {
  store = await openStore(1);
});

afterAll(() => store.close());

it('answers nothing for done that PostgreSQL rolled back, whatever the work made of its failure', async () => {
  const { transactions } = store;
  const deaf = transactions.run('deaf', async ({ client }) => {
    await client.query(`insert into traits (name) values ('CUSTOM_LOST')`);
    await client.query('select 1 / 0').catch(() => undefined);
    return 'done';
  });
  await expect(deaf).rejects.toThrow('rolled back');
  const found = await transactions.read('after', ({ client }) =>
    client.query(`select 1 from traits where name = 'CUSTOM_LOST'`),
  );
  expect(found.rows).toEqual([]);
});
