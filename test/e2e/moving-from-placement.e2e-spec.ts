import { tmpdir } from 'node:os';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { berth, type Command } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { client } from '../support/http.js';
import { draws, makeMovingWorld } from '../support/moving-world.js';
import { startServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { readWholeApi, type Answers } from '../support/whole-api.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

let story: Story;
let targets: TestDatabase[];
let source: Source;

/** In front of the service: what an older or an unwell Placement would answer, and a look at what is asked. */
interface Source {
  readonly url: string;
  /** Called before each request is passed on; its answer is sent instead, if there is one. */
  before: (incoming: IncomingMessage) => Promise<{ status: number; body: object } | undefined>;
  readonly asked: IncomingMessage[];
  readonly server: Server;
}

async function openSource(url: string): Promise<Source> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      made.asked.push(incoming);
      const instead = await made.before(incoming);
      if (instead !== undefined) {
        outgoing.writeHead(instead.status, { 'content-type': 'application/json' }).end(JSON.stringify(instead.body));
        return;
      }
      const { host: _, ...headers } = incoming.headers;
      const passed = request(new URL((incoming.url ?? '').replace(/^\/placement/, ''), url), { headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      });
      passed.on('error', () => outgoing.destroy());
      passed.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const made: Source = { url: `http://127.0.0.1:${port}/placement/`, before: nothing, asked: [], server };
  return made;
}

const nothing = (): Promise<undefined> => Promise.resolve(undefined);

beforeAll(async () => {
  story = await openStory();
  targets = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  await makeMovingWorld({ typed: story.at(39), untyped: story.at(37) }, 25, 40, draws(Date.now() % 100_000));
  source = await openSource(story.url);
}, STORY_LIMIT_MS);

afterAll(async () => {
  source.server.close();
  source.server.closeAllConnections();
  await story.close();
  await Promise.all(targets.map((target) => target.drop()));
}, STORY_LIMIT_MS);

function copy(target: TestDatabase | undefined, ...args: string[]): Command {
  const env = { DATABASE_URL: target?.url ?? '', BERTH_IMPORT_TOKEN: 'admin' };
  return berth(['import', '--from-placement', source.url, ...args], tmpdir(), env);
}

async function ended(command: Command): Promise<{ code: unknown; output: string }> {
  return { code: await command.ended, output: command.output() };
}

/** What a service on the copy answers. */
async function served(target: TestDatabase | undefined): Promise<Answers> {
  const server = await startServer({ databaseUrl: target?.url ?? '' });
  try {
    return await readWholeApi(client(server.url, { version: '1.39' }), { unordered: true });
  } finally {
    await server.stop();
  }
}

describe('the copy of a Placement that is running', () => {
  it.each([
    [
      'an older Placement',
      { status: 200, body: { versions: [{ max_version: '1.27' }] } },
      /up to 1\.27; copying needs 1\.28 or later/,
    ],
    ['something else', { status: 200, body: { hello: 1 } }, /does not answer as a Placement does/],
    ['a token that is refused', { status: 401, body: {} }, /answers 401|the token is refused/],
  ])('is refused by %s', async (what, answer, reason) => {
    const isToken = what.includes('token');
    source.before = ({ url }) => Promise.resolve(isToken && url === '/placement/' ? undefined : answer);
    const { code, output } = await ended(copy(targets[2], '--dry-run'));
    source.before = nothing;
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(reason) });
  });

  it('has what changed meanwhile, was removed, moved, or came up', async () => {
    const at = story.at(39);
    const { body } = await at.get<{ resource_providers: { uuid: string; name: string }[] }>('/resource_providers');
    const consumers = Object.keys(
      (await at.get<{ allocations: object }>(`/resource_providers/${body.resource_providers[0]?.uuid}/allocations`))
        .body.allocations,
    );
    const root = body.resource_providers.find(({ name }) => name === 'hôst 3');
    let changes = 0;
    let failures = 0;
    source.before = async ({ url = '' }) => {
      // As a source behind a proxy that restarts does.
      if (url.endsWith('/inventories') && failures < 2) {
        failures += 1;
        return { status: 503, body: {} };
      }
      // When all of the supply has been read, and some of what is held.
      if (!url.endsWith('/usages') || changes > 0) return undefined;
      changes += 1;
      const late = await at.post<{ uuid: string }>('/resource_providers', { name: 'late host' });
      const held = { resource_provider_generation: 0, inventories: { VCPU: { total: 8 }, CUSTOM_LATE: { total: 1 } } };
      await at.put('/resource_classes/CUSTOM_LATE');
      expect((await at.put(`/resource_providers/${late.body.uuid}/inventories`, held)).status).toBe(200);
      const allocations = { [late.body.uuid]: { resources: { VCPU: 2, CUSTOM_LATE: 1 } } };
      const owner = { project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'LATE' };
      expect((await at.put(`/allocations/${randomUUID()}`, { allocations, ...owner })).status).toBe(204);
      expect((await at.delete(`/allocations/${consumers[0]}`)).status).toBe(204);
      expect((await at.put(`/resource_providers/${root?.uuid}`, { name: 'renamed host' })).status).toBe(200);
      return undefined;
    };
    const { code, output } = await ended(copy(targets[0]));
    source.before = nothing;
    expect({ code, output, changes, failures }).toEqual({
      code: 0,
      output: expect.stringMatching(/copied and verified in 2 passes: .*provider: 79, /),
      changes: 1,
      failures: 2,
    });
    expect(output).not.toContain('admin');
    expect(await served(targets[0])).toEqual(await readWholeApi(at, { unordered: true }));
  });

  it('goes on after it was killed, without reading again what it has', async () => {
    const target = targets[1];
    const sql = new pg.Client({ connectionString: target?.url });
    await sql.connect();
    const marks = async (column: string): Promise<number> => {
      const { rows } = await sql.query<{ marks: number }>(`select count(${column})::int as marks from transfer_marks`);
      return rows[0]?.marks ?? 0;
    };
    for (const column of ['supply', 'demand']) {
      const command = copy(target, ...(column === 'demand' ? ['--resume'] : []));
      await waitFor(async () => (await marks(column)) > 0, { limitMs: 60_000, what: `marks of ${column}` });
      command.signal('SIGKILL');
      expect(await command.ended).toBe('SIGKILL');
      expect(await marks(column)).toBeGreaterThan(0);
    }
    const again = await ended(copy(target));
    expect(again).toEqual({ code: 1, output: expect.stringContaining('go on with --resume') });
    source.asked.length = 0;
    const { code, output } = await ended(copy(target, '--resume'));
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('copied and verified in 1 passes') });
    expect(source.asked.filter(({ url }) => url?.endsWith('/inventories'))).toEqual([]);
    await sql.end();
    expect(await served(target)).toEqual(await readWholeApi(story.at(39), { unordered: true }));
  });

  it('ends unfinished where the source never rests, and with it once that rests', async () => {
    const target = targets[2];
    const at = story.at(39);
    const { body } = await at.get<{ resource_providers: { uuid: string; generation: number }[] }>(
      '/resource_providers',
    );
    const provider = body.resource_providers.at(-1);
    let generation = provider?.generation ?? 0;
    let passes = 0;
    // Another set each time.
    const pass = (): string[] => ((passes += 1) % 2 === 1 ? ['CUSTOM_RACK', 'HW_NUMA_ROOT'] : ['CUSTOM_RACK']);
    source.before = async ({ url = '' }) => {
      if (!url.endsWith(`${provider?.uuid}/usages`)) return undefined;
      const traits = { resource_provider_generation: generation, traits: pass() };
      const reply = await at.put<{ resource_provider_generation: number }>(
        `/resource_providers/${provider?.uuid}/traits`,
        traits,
      );
      generation = reply.body.resource_provider_generation;
      return undefined;
    };
    const { code, output } = await ended(copy(target, '--passes', '2'));
    source.before = nothing;
    expect({ code, output }).toEqual({
      code: 3,
      output: expect.stringContaining('1 resource providers were changing to the end'),
    });
    expect(output).toContain(`${provider?.uuid}: now at generation ${generation}`);
    expect((await ended(copy(target, '--resume'))).code).toBe(0);
    expect(await served(target)).toEqual(await readWholeApi(at, { unordered: true }));
  });
});
