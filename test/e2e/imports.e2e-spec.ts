import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '../support/wait-for.js';
import { BERTH, openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Counts {
  readonly done: number;
  readonly failed: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
}

interface Line {
  readonly line?: number;
  readonly root_provider_uuid?: string | null;
  readonly outcome?: 'applied' | 'failed';
  readonly error?: { readonly status: number; readonly detail: string; readonly reason: { readonly code: string } };
  readonly progress?: Counts;
  readonly summary?: Counts & { readonly complete: boolean };
}

const HEADERS = { ...BERTH, 'x-auth-token': 'admin', 'content-type': 'application/x-ndjson' };
const NOTHING = { done: 0, failed: 0, created: 0, changed: 0, removed: 0 };

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

/** A host with a node below it, both new. */
function tree(uuid: string = randomUUID()): { providers: object[] } {
  const providers = [
    { uuid, name: `host ${uuid}`, parent_provider_uuid: null, generation: null, inventories: { VCPU: { total: 4 } } },
    { uuid: randomUUID(), name: `node ${randomUUID()}`, parent_provider_uuid: uuid, generation: null },
  ];
  return { providers };
}

/** An import under way: lines are sent and read one by one. */
class Importing {
  readonly lines: Line[] = [];
  readonly ended: Promise<void>;
  private readonly outgoing: ClientRequest;

  constructor(at: Story = story) {
    this.outgoing = request(`${at.url}/imports`, { method: 'POST', headers: HEADERS });
    // A service that reads no further closes the connection.
    this.outgoing.on('error', () => undefined);
    this.outgoing.flushHeaders();
    this.ended = this.read();
  }

  private async read(): Promise<void> {
    const [response] = (await once(this.outgoing, 'response')) as [IncomingMessage];
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    for await (const line of createInterface({ input: response })) this.lines.push(JSON.parse(line) as Line);
  }

  send(...values: readonly unknown[]): void {
    for (const value of values) this.outgoing.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  }

  async end(): Promise<readonly Line[]> {
    this.outgoing.end();
    await this.ended;
    return this.lines;
  }

  get answers(): readonly Line[] {
    return this.lines.filter(({ line }) => line !== undefined);
  }

  get summary(): Line['summary'] {
    return this.lines.at(-1)?.summary;
  }
}

async function imported(...values: readonly unknown[]): Promise<Importing> {
  const one = new Importing();
  one.send(...values);
  await one.end();
  return one;
}

describe('POST /imports', () => {
  it('makes each tree what its line says, and sums up', async () => {
    const roots = [randomUUID(), randomUUID(), randomUUID()];
    const { answers, summary } = await imported(...roots.map((uuid) => tree(uuid)));
    const byLine = [...answers].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    expect(byLine).toEqual(
      roots.map((root, index) => ({
        ...{ line: index + 1, root_provider_uuid: root, outcome: 'applied' },
        ...{ created: 2, changed: 0, removed: 0 },
      })),
    );
    expect(summary).toEqual({ complete: true, ...NOTHING, done: 3, created: 6 });
    for (const root of roots) {
      const shown = await story.berth.get<{ resource_providers: object[] }>(`/resource_providers?in_tree=${root}`);
      expect(shown.body.resource_providers).toHaveLength(2);
    }
  });

  it('answers a line before the next one is sent', async () => {
    const one = new Importing();
    for (let sent = 1; sent <= 3; sent += 1) {
      one.send(tree());
      await waitFor(() => one.answers.length === sent, { what: `answer ${sent}` });
    }
    await one.end();
    expect(one.summary).toMatchObject({ complete: true, done: 3 });
  });

  it('refuses lines one by one, with what each would be told alone, and goes on', async () => {
    const good = tree();
    const missing = { providers: [{ uuid: randomUUID(), name: 'x', parent_provider_uuid: null }] };
    const parents = { providers: [...tree().providers, ...tree().providers] };
    const uuid = randomUUID();
    await imported(tree(uuid));
    const stale = { providers: [{ uuid, name: uuid, parent_provider_uuid: null, generation: 7 }] };
    const { answers, summary } = await imported(
      '{"providers": [',
      { ...tree(), more: 1 },
      missing,
      parents,
      '',
      stale,
      `{"providers": "${'x'.repeat(4 * 1024 * 1024)}"}`,
      '\xff',
      good,
    );
    const told = Object.fromEntries(
      answers.map(({ line, error }) => [line, error && [error.status, error.reason.code]]),
    );
    expect(told).toEqual({
      1: [400, 'berth.body_malformed'],
      2: [400, 'berth.body_invalid'],
      3: [428, 'berth.generation_required'],
      4: [400, 'berth.tree_malformed'],
      6: [409, 'berth.provider_generation_stale'],
      7: [413, 'berth.body_too_large'],
      8: [400, 'berth.body_malformed'],
      9: undefined,
    });
    expect(summary).toEqual({ complete: true, ...NOTHING, done: 1, failed: 7, created: 2 });
  });

  it('writes trees of one root in the order of their lines', async () => {
    const uuid = randomUUID();
    const host = (generation: number | null, name: string): object => ({
      root_provider_uuid: uuid,
      providers: [{ uuid, name: `${name} ${uuid}`, parent_provider_uuid: null, generation }],
    });
    const lines = [host(null, 'a'), ...Array.from({ length: 6 }, (_, at) => host(at, `${at}`))];
    const { answers, summary } = await imported(...lines);
    expect(answers.map(({ line, outcome }) => [line, outcome])).toEqual(lines.map((_, at) => [at + 1, 'applied']));
    expect(summary).toMatchObject({ created: 1, changed: 6 });
  });

  it('takes a body of any length, as long as its lines have one', async () => {
    const lines = Array.from({ length: 20 }, () => 'x'.repeat(2 * 1024 * 1024));
    const { summary } = await imported(...lines);
    expect(summary).toEqual({ complete: true, ...NOTHING, failed: 20 });
    expect((await imported()).lines).toEqual([{ summary: { complete: true, ...NOTHING } }]);
  });

  it('is there under the contract alone, for lines of JSON', async () => {
    expect((await story.at(39).post('/imports', {})).status).toBe(404);
    const refused = await story.berth.post('/imports', {});
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      415,
      expect.stringContaining('application/x-ndjson'),
    ]);
  });
});

describe('an import and its permits', () => {
  const permits = '/lock_pools/imports/permits';

  it('holds one of the pool for each root, and tells how far it is while it waits', async () => {
    const [free, held] = [randomUUID(), randomUUID()];
    await imported(tree());
    const { body } = await story.berth.post<{ token: number }>(permits, { key: held, owner: 'me' });
    const one = new Importing();
    one.send(tree(held), tree(free));
    await waitFor(() => one.lines.some(({ progress }) => progress?.done === 1), { what: 'progress' });
    expect(one.answers.map(({ root_provider_uuid: root }) => root)).toEqual([free]);
    const waiting = await story.berth.get<{ waiting: number }>('/lock_pools/imports');
    expect(waiting.body).toMatchObject({ name: 'imports', capacity: 5, active: 1, waiting: 1 });
    await story.berth.delete(`${permits}/${body.token}?owner=me`);
    await one.end();
    expect(one.summary).toMatchObject({ complete: true, done: 2 });
    expect((await story.berth.get('/lock_pools/imports')).body).toMatchObject({ active: 0, waiting: 0 });
  });

  it('leaves none when its client goes away in the middle of a line', async () => {
    const root = randomUUID();
    const outgoing = request(`${story.url}/imports`, { method: 'POST', headers: HEADERS });
    outgoing.on('error', () => undefined);
    outgoing.write(`${JSON.stringify(tree(root))}\n{"providers": [`);
    await once(outgoing, 'response');
    await waitFor(async () => (await story.berth.get(`/resource_providers/${root}`)).status === 200, {
      what: 'the tree',
    });
    outgoing.destroy();
    await waitFor(async () => (await story.berth.delete('/lock_pools/imports')).status === 204, { what: 'no permit' });
  });
});

describe('a server that stops', () => {
  it('finishes what it has in hand, and says that there was more', async () => {
    const other = await openStory();
    const one = new Importing(other);
    one.send(tree());
    await waitFor(() => one.answers.length === 1, { what: 'the first answer' });
    const ended = other.server.stop();
    await one.ended;
    expect(one.summary).toEqual({ complete: false, ...NOTHING, done: 1, created: 2 });
    expect(await ended).toBe(0);
    await other.database.drop();
  });
});
