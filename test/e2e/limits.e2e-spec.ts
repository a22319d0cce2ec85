import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client, type Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { RawConnection, rawRequest } from './http-raw.js';
import { openStory, REQUEST_ID, STORY_LIMIT_MS, type Story } from './http-story.js';

const ADMIN = 'Host: x\r\nX-Auth-Token: admin\r\n';
const CONTRACT = 'OpenStack-API-Version: berth 1.0\r\n';
const HALF = `POST /resource_providers HTTP/1.1\r\n${ADMIN}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;

function expectRefused(reply: Reply, status: number, reason: object): void {
  expect(reply).toMatchObject({ status, body: { errors: [{ status, reason, request_id: expect.any(String) }] } });
  expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(1);
}

/** Sends until the answer has this status: what comes and goes on other connections is not seen at once. */
async function untilStatus(send: () => Promise<Reply>, status: number): Promise<Reply> {
  return await waitFor(
    async () => {
      const reply = await send();
      return reply.status === status && reply;
    },
    { limitMs: 30_000, what: `status ${status}` },
  );
}

interface Refusal {
  readonly errors: readonly [{ readonly reason: { readonly of?: string } }];
}

describe('what a process takes on', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory({
      BERTH_MAX_REQUESTS: '12',
      BERTH_MAX_WAITING: '1',
      BERTH_MAX_BUFFER_MB: '1',
      BERTH_MAX_CONNECTIONS: '30',
      BERTH_RESPONSE_TIMEOUT_SECONDS: '8',
    });
  }, STORY_LIMIT_MS);

  afterAll(() => story.close(), STORY_LIMIT_MS);

  it('are refused beyond the limit, health probes are not, and there is room again when the others have gone', async () => {
    const { url, berth } = story;
    const others = await Promise.all(Array.from({ length: 12 }, () => RawConnection.open(url)));
    for (const other of others) other.write(HALF);
    const refused = await untilStatus(() => berth.get('/resource_classes'), 503);
    expectRefused(refused, 503, { code: 'berth.overloaded', of: 'requests', limit: 12 });
    expect((await client(url).get('/')).status).toBe(200);
    for (const other of others) other.close();
    await untilStatus(() => berth.get('/resource_classes'), 200);
  });

  it('give their room back when their client goes, also those in a pipeline whose turn never came', async () => {
    const { url, berth } = story;
    for (let round = 0; round < 3; round += 1) {
      const connection = await RawConnection.open(url);
      connection.write(`GET /changes HTTP/1.1\r\n${ADMIN}${CONTRACT}Accept: text/event-stream\r\n\r\n`);
      await connection.answers(1);
      connection.write(`GET /resource_classes HTTP/1.1\r\n${ADMIN}\r\n`.repeat(12));
      await untilStatus(() => berth.get('/resource_classes'), 503);
      connection.close();
      await untilStatus(() => berth.get('/resource_classes'), 200);
    }
  });

  it('have a limit of their own, and leave the room of requests to others', async () => {
    const { url, berth } = story;
    const waiting = await RawConnection.open(url);
    waiting.write(`GET /changes HTTP/1.1\r\n${ADMIN}${CONTRACT}Accept: text/event-stream\r\n\r\n`);
    await waiting.answers(1);
    const refused = await berth.get('/changes?wait=60');
    expectRefused(refused, 503, { code: 'berth.overloaded', of: 'waiting', limit: 1 });
    expect((await berth.get('/changes?wait=0')).status).toBe(200);
    expect((await berth.get('/resource_classes')).status).toBe(200);
    expect((await berth.put('/lock_pools/p', { capacity: 1 })).status).toBe(200);
    const permit = { key: 'k', owner: 'o' };
    expect((await berth.post('/lock_pools/p/permits', permit)).status).toBe(200);
    expectRefused(await berth.post('/lock_pools/p/permits', { ...permit, wait_seconds: 30 }), 503, { of: 'waiting' });
    expect((await berth.put('/lockspaces/s', {})).status).toBeLessThan(300);
    expectRefused(await berth.put('/lockspaces/s/locks/l', { owner: 'o', mode: 'shared', wait_ms: 900 }), 503, {
      of: 'waiting',
    });
    waiting.close();
    await untilStatus(() => berth.get('/changes?wait=1'), 200);
  });

  it('are bounded in bytes, and their connections end', async () => {
    const { url, at, berth } = story;
    for (let n = 0; n < 600; n += 1)
      expect((await at(20).post('/resource_providers', { name: `host ${n}` })).status).toBe(200);
    const greedy = await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(url)));
    for (const one of greedy) one.pause();
    const refused = await waitFor(
      async () => {
        for (const one of greedy) one.write(`GET /resource_providers HTTP/1.1\r\n${ADMIN}\r\n`.repeat(2));
        const reply = await berth.get('/resource_classes');
        return reply.status === 503 && (reply.body as Refusal).errors[0].reason.of === 'bytes' && reply;
      },
      { limitMs: 60_000, what: 'the buffers to fill' },
    );
    expectRefused(refused, 503, { code: 'berth.overloaded', of: 'bytes', limit: 1024 * 1024 });
    // Their connections end, and what was kept for them is free.
    await untilStatus(() => berth.get('/resource_classes'), 200);
    for (const one of greedy) one.close();
  });

  it('cuts off bodies that are more than may be held, and takes others', async () => {
    const { url, berth } = story;
    const connection = await RawConnection.open(url);
    const size = 3 * 1024 * 1024;
    connection.write(
      `POST /resource_providers HTTP/1.1\r\n${ADMIN}Content-Type: application/json\r\nContent-Length: ${size}\r\n\r\n`,
    );
    connection.write(' '.repeat(size));
    expect(await connection.untilClosed()).toBe('');
    expect(
      (await untilStatus(() => berth.post('/resource_providers', `${' '.repeat(500_000)}{}`), 400)).body,
    ).toMatchObject({
      errors: [{ reason: { code: 'berth.body_invalid' } }],
    });
  });

  it('beyond the limit are answered and ended, and there is room again when others go', async () => {
    const { url } = story;
    const open: RawConnection[] = [];
    const refused = await waitFor(
      async () => {
        const connection = await RawConnection.open(url);
        connection.write(`GET / HTTP/1.1\r\n${ADMIN}\r\n`);
        const [answer = ''] = await connection.answers(1);
        if (answer.startsWith('HTTP/1.1 503')) return await connection.untilClosed();
        open.push(connection);
        return undefined;
      },
      { what: 'a connection too many' },
    );
    expect(open.length).toBeLessThanOrEqual(30);
    expect(refused.toLowerCase()).toContain('retry-after: 1');
    expect(refused).toContain('Too many connections are open');
    for (const connection of open) connection.close();
    await waitFor(
      () =>
        client(url, { headers: { connection: 'close' } })
          .get('/')
          .then(
            (reply) => reply.status === 200,
            () => false,
          ),
      {
        what: 'room for a connection',
      },
    );
  });
});

describe('what a process waits for, and how often', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory({
      BERTH_REQUEST_TIMEOUT_SECONDS: '4',
      BERTH_RATE_LIMIT: '40/3600',
      BERTH_TRUSTED_PROXIES: '127.0.0.1',
    });
  }, STORY_LIMIT_MS);

  afterAll(() => story.close(), STORY_LIMIT_MS);

  it('whose body does not come in time are told so, and their connection ends', async () => {
    const { url } = story;
    const [body, head, silent] = [
      await RawConnection.open(url),
      await RawConnection.open(url),
      await RawConnection.open(url),
    ];
    body.write(HALF);
    head.write('GET / HTTP/1.1\r\nHo');
    for (const text of [await body.untilClosed(), await head.untilClosed()]) {
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      const answer = JSON.parse(text.split('\r\n\r\n')[1] ?? '') as { errors: [{ request_id: string }] };
      expect(answer).toMatchObject({ errors: [{ status: 408, title: 'Request Timeout' }] });
      expect(answer.errors[0].request_id).toMatch(REQUEST_ID);
    }
    await silent.untilClosed();
  });

  it('are imports, which may take any time as long as something comes', async () => {
    const { url } = story;
    const connection = await RawConnection.open(url);
    connection.write(
      `POST /imports HTTP/1.1\r\n${ADMIN}${CONTRACT}Content-Type: application/x-ndjson\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n',
    );
    // Longer than a request may take, in steps that are shorter.
    for (let step = 0; step < 12; step += 1) {
      connection.write('1\r\n\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const [soFar] = await connection.answers(1);
    expect(soFar).toContain('HTTP/1.1 200 ');
    // And then nothing more.
    await connection.untilClosed();
  });

  it('are told what is too large', async () => {
    const { url } = story;
    const head = { 'x-auth-token': 'admin', 'openstack-api-version': 'berth 1.0' };
    const get = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await rawRequest(url, { method: 'GET', path, headers: { ...head, ...headers } })).status;
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-filler-${n}`, 'x']));
    expect(await get('/resource_classes', many(400))).toBe(200);
    expect(await get('/resource_classes', many(510))).toBe(431);
    expect(await get('/resource_classes', { 'x-long': 'x'.repeat(300_000) })).toBe(431);
    expect(await get(`/resource_providers?name=${'x'.repeat(200_000)}`, {})).toBe(414);
    const connection = await RawConnection.open(url);
    connection.write(
      `POST /resource_providers HTTP/1.1\r\n${ADMIN}${CONTRACT}Content-Type: application/json\r\n` +
        'Content-Length: 33554433\r\n\r\n',
    );
    const [large] = await connection.answers(1);
    connection.close();
    expect(large).toContain('HTTP/1.1 413 ');
    expect(large).toContain('"berth.body_too_large"');
  });

  it('clients that ask too often are told when to come back, and others are not', async () => {
    const { berth, url } = story;
    const from = (address: string): Promise<Reply> => berth.get('/resource_classes', { 'x-forwarded-for': address });
    for (let asked = 0; asked < 40; asked += 1) expect((await from('10.0.0.1')).status).toBe(200);
    const refused = await from('10.0.0.1');
    expectRefused(refused, 429, { code: 'berth.rate_limited', requests: 40, seconds: 3600 });
    expect(refused.body).toMatchObject({ errors: [{ title: 'Too Many Requests' }] });
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(90);
    expect((await from('10.0.0.2')).status).toBe(200);
    expect((await client(url).get('/')).status).toBe(200);
  });

  it('clients are known by the address that they come from, whatever they say', async () => {
    const { url } = story;
    // Not the address of the proxy that is trusted.
    const agent = new Agent({ localAddress: '127.0.0.2' });
    const statuses: number[] = [];
    for (let asked = 0; asked < 41; asked += 1) {
      const headers = { 'x-auth-token': 'admin', 'x-forwarded-for': `10.1.0.${asked}` };
      statuses.push((await rawRequest(url, { method: 'GET', path: '/resource_providers', headers, agent })).status);
    }
    expect(statuses.slice(0, 40)).toEqual(Array(40).fill(200));
    expect(statuses[40]).toBe(429);
  });
});
