import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Random } from '../support/random.js';
import { waitFor } from '../support/wait-for.js';
import { DatabaseProxy } from './database-proxy.js';

const ALL = { what: 'all that was sent' };

/** Nothing else is done meanwhile, as on a busy machine: ms. */
function keepBusy(forMs: number): void {
  const until = performance.now() + forMs;
  while (performance.now() < until);
}

describe('the way to the database that fails when it is told to', () => {
  const database = createServer();
  let proxy: DatabaseProxy;
  let far: Socket;
  let near: Socket;
  let read = '';

  beforeEach(async () => {
    database.listen(0, '127.0.0.1');
    await once(database, 'listening');
    proxy = await DatabaseProxy.open(`postgres://somebody@127.0.0.1:${(database.address() as AddressInfo).port}/there`);
    near = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    [far] = (await once(database, 'connection')) as [Socket];
    far.setNoDelay(true);
    read = '';
    near.setEncoding('latin1').on('data', (chunk: string) => (read += chunk));
  });

  afterEach(async () => {
    await proxy.close();
    near.destroy();
    far.destroy();
    database.close();
  });

  it('lets no answer overtake another, however slow it is and however busy the machine', async () => {
    const random = new Random(11);
    let sent = '';
    for (let answer = 0; answer < 400; answer += 1) {
      const text = `${answer} `;
      sent += text;
      far.write(text);
      // A delay that ends while answers are under way, and timers that are late.
      if (random.happens(0.2)) proxy.slowDown(random.pick([3, 12, 30]));
      else if (random.happens(0.2)) proxy.letThrough();
      if (random.happens(0.1)) keepBusy(random.between(1, 20));
      if (random.happens(0.7)) await sleep(random.between(0, 2));
    }
    await waitFor(() => read.length >= sent.length, ALL);
    expect(read).toBe(sent);
  });

  it('says nothing more of what was under way when silence fell', async () => {
    proxy.slowDown(200);
    far.write('late');
    await sleep(50);
    proxy.silence();
    await sleep(300);
    proxy.letThrough();
    far.write('after');
    await waitFor(() => read.length >= 'after'.length, ALL);
    expect(read).toBe('after');
  });
});
