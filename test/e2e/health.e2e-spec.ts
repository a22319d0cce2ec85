import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { client, type Client } from '../support/http.js';
import { createTestDatabase } from '../support/database.js';
import { startServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

const LIMIT_MS = 60_000;

const READY = { status: 'ready', parts: { database: 'ok', schema: 'ok', snapshot: 'ok' } };

/** As balancers ask: nobody, of no version. */
const prober = (url: string): Client => client(url, { token: null });

async function sql(url: string, text: string): Promise<void> {
  const session = new pg.Client({ connectionString: url });
  await session.connect();
  try {
    await session.query(text);
  } finally {
    await session.end();
  }
}

describe('a service that is well', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory();
  }, STORY_LIMIT_MS);

  afterAll(() => story.close(), STORY_LIMIT_MS);

  it('is alive and ready, for anybody who asks, in whatever version', async () => {
    const http = prober(story.url);
    expect(await http.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await http.get('/readyz')).toMatchObject({ status: 200, body: READY });
    const odd = { 'openstack-api-version': 'placement 9.9', accept: 'image/png' };
    expect(await http.get('/readyz?from=balancer', odd)).toMatchObject({ status: 200, body: READY });
  });

  it('tells stock clients of none of it', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const reply = await story.at(39).post(path, {});
      expect(reply.status).toBe(404);
      expect((await prober(story.url).post(path)).status).toBe(401);
      expect((await story.at(39).get(`${path}/x`)).status).toBe(404);
    }
    const { body } = await prober(story.url).get<{ paths: object }>('/docs-json');
    expect(Object.keys(body.paths).filter((path) => /healthz|readyz|metrics/.test(path))).toEqual([]);
  });

  it('is not ready while the schema lacks a migration that it was built for, but with one that it does not know', async () => {
    const http = prober(story.url);
    await sql(story.database.url, `update berth_migrations set "timestamp" = "timestamp" + 1 where id = 1`);
    expect(await http.get('/readyz')).toMatchObject({
      status: 503,
      body: { status: 'not ready', parts: { database: 'ok', schema: 'behind', snapshot: 'ok' } },
    });
    await sql(story.database.url, `update berth_migrations set "timestamp" = "timestamp" - 1 where id = 1`);
    await sql(story.database.url, `insert into berth_migrations ("timestamp", name) values (2763700000000, 'Later')`);
    expect(await http.get('/readyz')).toMatchObject({ status: 200, body: READY });
  });
});

describe('a service without its database', () => {
  it('is alive, and says that it is not ready', async () => {
    const database = await createTestDatabase();
    const server = await startServer({ databaseUrl: database.url });
    try {
      await database.drop();
      const http = prober(server.url);
      const reply = await waitFor(
        async () => {
          const asked = await http.get<{ parts: Record<string, string> }>('/readyz');
          return asked.status === 503 && asked.body.parts.snapshot === 'unavailable' ? asked : undefined;
        },
        { limitMs: LIMIT_MS, what: 'the loss to be noticed' },
      );
      expect(reply.body).toMatchObject({ status: 'not ready', parts: { database: 'unavailable' } });
      expect(await http.get('/healthz')).toMatchObject({ status: 200 });
    } finally {
      await server.stop();
    }
  }, 120_000);
});

describe('a service that is told to stop', () => {
  it('says so at once, and serves for as long as balancers may take to notice', async () => {
    const story = await openStory({ BERTH_DRAIN_DELAY_MS: '5000' });
    const http = prober(story.url);
    expect((await http.get('/readyz')).status).toBe(200);
    process.kill(story.server.pid, 'SIGTERM');
    const reply = await waitFor(
      async () => {
        const asked = await http.get('/readyz');
        return asked.status === 503 ? asked : undefined;
      },
      { limitMs: 4_500, what: 'the service to say that it stops' },
    );
    expect(reply.body).toEqual({ status: 'stopping' });
    expect((await http.get('/healthz')).status).toBe(200);
    expect((await story.at(39).get('/traits')).status).toBe(200);
    expect(await story.server.stop()).toBe(0);
    await story.database.drop();
  }, 120_000);
});
