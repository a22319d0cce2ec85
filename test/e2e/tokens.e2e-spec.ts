import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newToken } from '../../apps/cli/src/token.command.js';
import { client, type Headers, type Reply } from '../support/http.js';
import { startServer } from '../support/server.js';
import { waitFor } from '../support/wait-for.js';
import { expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const deploy = newToken({ user: 'deploy', roles: ['admin', 'service'] });
const looker = newToken({ user: 'looker', project: 'p-1', roles: ['Reader'] });
const later = newToken({ user: 'later', roles: ['admin'] });

let directory: string;
let path: string;
let story: Story;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-tokens-'));
  path = join(directory, 'tokens.json');
  write([deploy, looker]);
  story = await openStory({ BERTH_AUTH: 'token', BERTH_TOKENS_FILE: path, HOST: '0.0.0.0' });
}, STORY_LIMIT_MS);

afterAll(async () => {
  await story.close();
  rmSync(directory, { recursive: true });
}, STORY_LIMIT_MS);

type NewToken = ReturnType<typeof newToken>;

function write(tokens: readonly NewToken[], mode = 0o600): void {
  writeFileSync(path, JSON.stringify({ tokens: tokens.map(({ entry }) => entry) }), { mode });
  chmodSync(path, mode);
}

const ask = (token: string | null, headers: Headers = {}, where = '/resource_providers'): Promise<Reply> =>
  client(story.url.replace('0.0.0.0', '127.0.0.1'), { token, version: '1.39', headers }).get(where);

/** Tells the service to reload, and waits until it said so once more. */
async function reload(line: RegExp): Promise<string> {
  const before = story.server.logs().length;
  process.kill(story.server.pid, 'SIGHUP');
  const found = await waitFor(() => line.exec(story.server.logs().slice(before)), {
    limitMs: 60_000,
    what: `${String(line)} in the log`,
  });
  return found[0];
}

const denied = (rule: string) => ({
  status: 403,
  message: `Policy does not allow ${rule} to be performed.`,
  code: UNDEFINED_CODE,
});

describe('tokens of a file (docs/authentication.md)', () => {
  it('say who asks, and with which roles and project', async () => {
    expect((await ask(deploy.token)).status).toBe(200);
    expectError(await ask(looker.token), denied('placement:resource_providers:list'));
    expect((await ask(looker.token, {}, '/usages?project_id=p-1')).status).toBe(200);
    expectError(await ask(looker.token, {}, '/usages?project_id=p-2'), denied('placement:usages'));
  });

  it.each([
    ['none', () => null],
    ['empty', () => ''],
    ['unknown', () => `${deploy.token}x`],
    ['only the beginning', () => deploy.token.slice(0, -1)],
    ['the digest from the file', () => deploy.entry.sha256],
    ['that of noauth', () => 'admin'],
  ])('nobody is behind a token that is %s', async (_what, token) => {
    const { status, headers, body } = await ask(token());
    expect({ status, body }).toEqual({
      status: 401,
      body: { message: 'Authentication required', code: '401 Unauthorized', title: 'Unauthorized' },
    });
    expect(headers['www-authenticate']).toBe('Token realm="berth"');
  });

  it('decide, and nothing that comes with the request', async () => {
    const spoofed = { 'x-roles': 'admin', 'x-project-id': 'p-2', 'x-user-id': 'root', 'x-service-token': 'x' };
    expectError(await ask(looker.token, spoofed), denied('placement:resource_providers:list'));
    expectError(await ask(looker.token, spoofed, '/usages?project_id=p-2'), denied('placement:usages'));
    expect((await ask(deploy.token, { 'openstack-system-scope': 'all', 'x-domain-id': 'd' })).status).toBe(200);
  });

  it('the versions are for everybody', async () => {
    expect((await ask(null, {}, '/')).status).toBe(200);
    expect((await ask('nobody', {}, '/')).status).toBe(200);
  });
});

describe('a reload (SIGHUP)', () => {
  it('takes new tokens in and old ones out', async () => {
    write([looker, later]);
    await reload(/^(?=.*"msg":"reloaded").*"what":"tokens"/m);
    expect((await ask(later.token)).status).toBe(200);
    expect((await ask(deploy.token)).status).toBe(401);
  });

  it('of a file that can not be used changes nothing, and says so', async () => {
    writeFileSync(path, 'tokens: [');
    const line = await reload(/^\{.*"not reloaded.*$/m);
    expect(JSON.parse(line)).toMatchObject({ level: 'error', what: 'tokens', reason: expect.stringContaining(path) });
    write([deploy], 0o644);
    expect(await reload(/^\{.*"not reloaded.*$/m)).toContain('others may read or change it (mode 644)');
    expect((await ask(later.token)).status).toBe(200);
    expect((await ask(deploy.token)).status).toBe(401);
    write([deploy]);
    await reload(/^(?=.*"msg":"reloaded").*"what":"tokens"/m);
    expect((await ask(deploy.token)).status).toBe(200);
  });
});

it('such a file ends a start with one line', async () => {
  write([deploy], 0o604);
  const env = { BERTH_AUTH: 'token', BERTH_TOKENS_FILE: path };
  await expect(startServer({ databaseUrl: story.database.url, env })).rejects.toThrow(
    new RegExp(`\nberth: BERTH_TOKENS_FILE: ${path}: others may read or change it [^\n]+\n$`),
  );
});

it('no token ever stands in the log', () => {
  expect(story.server.logs()).not.toContain('berth_');
});
