import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { berth } from '../support/berth-command.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { FakeKeystone } from '../support/fake-keystone.js';
import { freePort } from '../support/free-port.js';
import { client } from '../support/http.js';
import { startServer } from '../support/server.js';

/** Put where secrets stand, and in no other place: whatever has it in it has told it. */
const SECRET = 'hunter2-b3a9d1';

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-secrets-'));
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const told = (text: string): string[] => text.split('\n').filter((line) => line.includes(SECRET));

/** The arguments of every process of this machine, which everybody on it can read. */
const commandLines = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });

describe('a start that fails', () => {
  const unreachable = `postgres://berth:${SECRET}@127.0.0.1:1/berth`;

  it.each([
    ['there is no database', { DATABASE_URL: unreachable }],
    ['the database is named in a wrong way', { DATABASE_URL: `berth:${SECRET}@127.0.0.1/berth` }],
    ['a pooler has no address beside it', { DATABASE_URL: unreachable, BERTH_DATABASE_POOLER: 'transaction' }],
    ['another variable is wrong', { DATABASE_URL: unreachable, BERTH_WORKERS: 'many' }],
  ])('tells no password: %s', async (_what, env: Readonly<Record<string, string>>) => {
    const command = berth(['serve'], folder, env);
    expect(await command.ended).toBe(1);
    expect(command.output()).toMatch(/^Berth: [^\n]+\n/);
    expect(told(command.output())).toEqual([]);
  });

  it('tells nothing of a file of tokens or a key that it cannot use', async () => {
    const tokens = join(folder, 'tokens.yaml');
    writeFileSync(tokens, `tokens: [{ user: ann, sha256: ${SECRET} }]\n`, { mode: 0o600 });
    const key = join(folder, 'key.pem');
    writeFileSync(key, `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
    const attempts: readonly Readonly<Record<string, string>>[] = [
      { BERTH_AUTH: 'token', BERTH_TOKENS_FILE: tokens },
      { BERTH_TLS_CERT: key, BERTH_TLS_KEY: key },
    ];
    for (const env of attempts) {
      const port = `${await freePort()}`;
      const command = berth(['serve'], folder, { DATABASE_URL: database.url, PORT: port, ...env });
      expect(await command.ended).toBe(1);
      expect(told(command.output())).toEqual([]);
    }
  });
});

describe('a service that has secrets', () => {
  it('keeps them, in its log at every level, in answers, metrics and arguments', async () => {
    const keystone = await FakeKeystone.start();
    const url = new URL(database.url);
    // Trusted logins need no password, but node-postgres is given it all the same.
    url.password = url.password === '' ? SECRET : url.password;
    const server = await startServer({
      databaseUrl: url.href,
      env: { ...keystone.environment, OS_PASSWORD: SECRET, BERTH_LOG_LEVEL: 'debug' },
    });
    try {
      // The service user's password is a wrong one here, so that whoever handles it has something to say of it.
      const replies = [];
      for (const headers of [{}, { 'x-service-token': SECRET }, { authorization: `Bearer ${SECRET}` }]) {
        const http = client(server.url, {
          token: SECRET,
          headers: { 'openstack-api-version': 'berth 1.0', ...headers },
        });
        for (const path of [
          '/',
          '/traits',
          `/resource_providers?token=x`,
          '/healthz',
          '/readyz',
          '/metrics',
          '/none',
        ]) {
          replies.push(await http.get(path));
        }
        replies.push(await http.post('/resource_providers', '{"name": ', { 'content-type': 'application/json' }));
      }
      expect(replies.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 503]));
      expect(told(replies.map((reply) => JSON.stringify([reply.headers, reply.body])).join('\n'))).toEqual([]);
      expect(told(commandLines())).toEqual([]);
    } finally {
      await server.stop();
      await keystone.stop();
    }
    expect(server.logs()).toContain('Keystone');
    expect(told(server.logs())).toEqual([]);
  });
});
