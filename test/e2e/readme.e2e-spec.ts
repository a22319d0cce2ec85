import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the session of the README', () => {
  let database: TestDatabase;
  let server: RunningServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ databaseUrl: database.url });
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('works pasted as it stands: registers, asks, claims, meets the conflict', async () => {
    const block = /```sh\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
    // Only the address is another one: the test's server has a free port.
    const script = block.replaceAll('localhost:8778', new URL(server.url).host);
    const { stdout } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script]);
    const answers = stdout.split('\n').filter((line) => line.trim() !== '');
    expect(answers[0]).toContain('"name":"host-1"');
    expect(answers[1]).toContain('"resource_provider_generation":1');
    expect(JSON.parse(answers[2] ?? '')).toMatchObject({
      allocation_requests: [
        { allocations: { '11111111-1111-4111-8111-111111111111': { resources: { VCPU: 2, MEMORY_MB: 1024 } } } },
      ],
    });
    expect(stdout).toContain('HTTP/1.1 204 No Content');
    expect(stdout).toContain('"usages":{"VCPU":2,"MEMORY_MB":1024}');
    expect(answers.at(-2)).toContain('resource provider generation conflict');
    expect(answers.at(-1)).toContain('The requested amount would exceed the capacity.');
  });
});
