import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTestDatabase } from '../support/database.js';
import { client, type Client } from '../support/http.js';
import { valueOf } from '../support/metrics.js';
import { waitFor } from '../support/wait-for.js';
import { startWorkers } from '../support/workers.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

const PAGE = new URL('../../docs/monitoring.md', import.meta.url);

/** As proxies pass requests on: the client is somewhere else. */
const FROM_AFAR = { 'x-forwarded-for': '192.0.2.1' };

const scraper = (url: string): Client => client(url, { token: null });

/** Holds several series against what they should be. */
function expectSeries(text: string, wanted: Readonly<Record<string, number>>): void {
  const read = Object.keys(wanted).map((series) => [series, valueOf(text, series)]);
  expect(Object.fromEntries(read)).toEqual(wanted);
}

async function scrape(http: Client): Promise<string> {
  const { status, body } = await http.get<string>('/metrics');
  expect(status).toBe(200);
  return body;
}

describe('the metrics', () => {
  let story: Story;

  beforeAll(async () => {
    story = await openStory();
  }, STORY_LIMIT_MS);

  afterAll(() => story.close(), STORY_LIMIT_MS);

  it('are text as Prometheus reads it, each with its meaning and its type', async () => {
    const { headers, body } = await scraper(story.url).get<string>('/metrics');
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    const names = [...body.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name);
    expect([...body.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram)$/gm)].map(([, name]) => name)).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    for (const line of body.split('\n')) expect(line).toMatch(/^(?:#.*|[a-z]\w*(?:\{.*\})? \S+|)$/);
  });

  it('are those of the page about them, and no others', async () => {
    const told = [...(await scrape(scraper(story.url))).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    const written = [
      ...readFileSync(PAGE, 'utf8').matchAll(/^\| `([a-z]\w+)(?:\{[^}]*\})?` \| (counter|gauge|histogram) \|/gm),
    ];
    const list = (found: RegExpMatchArray[]): string[] => found.map(([, name, type]) => `${name} ${type}`).sort();
    expect(list(written)).toEqual(list(told));
  });

  it('count requests by route and status, and why they were refused', async () => {
    const http = story.at(39);
    const uuid = randomUUID();
    expect((await http.post('/resource_providers', { name: 'host', uuid })).status).toBe(200);
    const inventories = { VCPU: { total: 4 } };
    const put = (generation: number) =>
      http.put(`/resource_providers/${uuid}/inventories`, { resource_provider_generation: generation, inventories });
    expect((await put(0)).status).toBe(200);
    expect((await put(0)).status).toBe(409);
    const claim = (amount: number) =>
      http.put(`/allocations/${randomUUID()}`, {
        ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
        allocations: { [uuid]: { resources: { VCPU: amount } } },
      });
    expect((await claim(3)).status).toBe(204);
    expect((await claim(3)).status).toBe(409);
    expect((await http.get('/no/such/path')).status).toBe(404);
    const text = await scrape(scraper(story.url));
    const route = 'route="/resource_providers/{uuid}/inventories"';
    expectSeries(text, {
      [`berth_requests_total{method="PUT",${route},status="200"}`]: 1,
      [`berth_requests_total{method="PUT",${route},status="409"}`]: 1,
      [`berth_request_seconds_count{method="PUT",${route}}`]: 2,
      [`berth_request_seconds_bucket{method="PUT",${route},le="+Inf"}`]: 2,
      'berth_requests_total{method="GET",route="none",status="404"}': 1,
      'berth_refusals_total{reason="berth.provider_generation_stale"}': 1,
      'berth_refusals_total{reason="berth.capacity_exceeded"}': 1,
      berth_claims_queued: 0,
      berth_requests_under_way: 1,
    });
    expect(valueOf(text, 'berth_claims_group_size_sum')).toBeGreaterThanOrEqual(4);
    expect(valueOf(text, 'berth_transactions_total{name="claims"}')).toBeGreaterThanOrEqual(1);
  });

  it('tell what the service knows of its supply and its database', async () => {
    await story.at(39).get('/resource_providers');
    const text = await scrape(scraper(story.url));
    expect(valueOf(text, 'berth_snapshot_providers')).toBe(1);
    expect(valueOf(text, 'berth_snapshot_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, 'berth_snapshot_age_seconds')).toBeLessThan(120);
    expect(valueOf(text, 'berth_snapshot_checks_total')).toBeGreaterThanOrEqual(1);
    expect(valueOf(text, 'berth_snapshot_delta_providers_sum')).toBeGreaterThanOrEqual(1);
    expect(valueOf(text, 'berth_database_connections{state="idle"}')).toBeGreaterThanOrEqual(1);
    expect(valueOf(text, 'berth_lost_commits_total{fate="unknown"}')).toBe(0);
  });

  it('tell how locks are used', async () => {
    const { berth } = story;
    expect((await berth.put('/lock_pools/builds', { capacity: 1 })).status).toBeLessThan(300);
    const permit = (key: string, wait_seconds: number) =>
      berth.post<{ token: number }>('/lock_pools/builds/permits', { key, owner: 'o', lease_seconds: 60, wait_seconds });
    expect((await permit('a', 0)).status).toBe(200);
    expect((await permit('b', 1)).status).toBe(409);
    const text = await scrape(scraper(story.url));
    expectSeries(text, {
      'berth_lock_pool_capacity{pool="builds"}': 1,
      'berth_lock_pool_active{pool="builds"}': 1,
      'berth_lock_wait_seconds_count{kind="pool",outcome="in_vain"}': 1,
      'berth_lock_waiting{kind="pool"}': 0,
      berth_slot_locks_held: 0,
    });
  });

  it('are for programs on this machine, and for tokens that the policy allows it', async () => {
    const afar = (token: string | null): Client => client(story.url, { token, headers: FROM_AFAR });
    expect((await afar(null).get('/metrics')).status).toBe(401);
    expect((await afar('stranger').get('/metrics')).status).toBe(403);
    expect((await afar('admin').get('/metrics')).status).toBe(200);
  });
});

describe('who may read the metrics', () => {
  it.each([
    ['open', 200, 200],
    ['off', 404, 401],
  ])('is a matter of configuration: %s', async (access, known, unknown) => {
    const story = await openStory({ BERTH_METRICS: access });
    try {
      expect((await client(story.url, { headers: FROM_AFAR }).get('/metrics')).status).toBe(known);
      expect((await client(story.url, { token: null, headers: FROM_AFAR }).get('/metrics')).status).toBe(unknown);
    } finally {
      await story.close();
    }
  });
});

describe('the metrics of several workers', () => {
  it('are told by any of them, together, and what an ended one has counted stays counted', async () => {
    const database = await createTestDatabase();
    const workers = await startWorkers(database.url, 2);
    try {
      // A connection for each request: the supervisor gives them to the workers in turn.
      const alone = { headers: { connection: 'close' } };
      const http = client(workers.url, { version: '1.39', ...alone });
      const probe = client(workers.url, { token: null, ...alone });
      const TRAITS = 'berth_requests_total{method="GET",route="/traits",status="200"}';
      const asked = 10;
      await waitFor(async () => valueOf(await scrape(probe), 'berth_workers') === 2, {
        limitMs: 60_000,
        what: 'both workers to be asked',
      });
      for (let at = 0; at < asked; at += 1) expect((await http.get('/traits')).status).toBe(200);
      // Whoever is asked: two scrapes meet two workers.
      for (let at = 0; at < 4; at += 1) expect(valueOf(await scrape(probe), TRAITS)).toBe(asked);
      const [first = 0] = workers.pids();
      process.kill(first, 'SIGKILL');
      await waitFor(() => workers.pids().length === 3, { limitMs: 90_000, what: 'the replacement' });
      expect((await http.get('/traits')).status).toBe(200);
      expect(valueOf(await scrape(probe), TRAITS)).toBe(asked + 1);
    } finally {
      await workers.stop();
      await database.drop();
    }
  }, 300_000);
});
