import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../environment.js';
import { readTokenFile } from './token-file.js';

const A = createHash('sha256').update('a').digest('hex');
const B = createHash('sha256').update('b').digest('hex');

let directory: string;
let path: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-tokens-'));
  path = join(directory, 'tokens.yaml');
});

afterAll(() => rmSync(directory, { recursive: true }));

function write(text: string, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe('readTokenFile (docs/authentication.md)', () => {
  it('reads YAML', () => {
    write(`# who deploys
tokens:
  - user: deploy
    project: "42"
    roles: [Admin, service]
    sha256: "${A}"
  - {user: looker, roles: [], sha256: "${B.toUpperCase()}"}
`);
    expect(readTokenFile(path)).toEqual([
      {
        digest: Buffer.from(A, 'hex'),
        identity: { user: 'deploy', project: '42', roles: new Set(['admin', 'service']), scope: 'project' },
      },
      {
        digest: Buffer.from(B, 'hex'),
        identity: { user: 'looker', project: undefined, roles: new Set(), scope: 'project' },
      },
    ]);
  });

  it('reads JSON, and a list with nobody in it', () => {
    write(JSON.stringify({ tokens: [{ user: 'u', roles: ['reader'], sha256: A }] }));
    expect(readTokenFile(path)).toHaveLength(1);
    write('tokens: []\n');
    expect(readTokenFile(path)).toEqual([]);
  });

  it.each([0o640, 0o400, 0o440, 0o600])('takes the mode %o', (mode) => {
    write('tokens: []', mode);
    expect(readTokenFile(path)).toEqual([]);
  });

  it.each([0o644, 0o604, 0o660, 0o602, 0o777])('refuses the mode %o: others read or write it', (mode) => {
    write('tokens: []', mode);
    expect(() => readTokenFile(path)).toThrow(`${path}: others may read or change it (mode ${mode.toString(8)})`);
  });

  const entry = (more: object): string =>
    JSON.stringify({ tokens: [{ user: 'u', roles: ['admin'], sha256: A, ...more }] });

  it.each([
    ['', 'expected one key, tokens, with a list'],
    ['tokens: {}', 'expected one key, tokens, with a list'],
    ['tokens: []\nmore: 1', 'expected one key, tokens, with a list'],
    ['tokens: [', 'at line 1'],
    ['tokens: []\ntokens: []', 'at line 2'],
    ['tokens: [1]', 'tokens[0]: expected user, project, roles, sha256'],
    [entry({ role: 'admin' }), 'tokens[0].role: there is no such key'],
    [entry({ user: '' }), 'tokens[0].user: '],
    [entry({ project: 42 }), 'tokens[0].project: expected an id in quotes'],
    [entry({ roles: 'admin' }), 'tokens[0].roles: '],
    [entry({ roles: [1] }), 'tokens[0].roles: '],
    [entry({ sha256: undefined }), 'tokens[0].sha256: '],
    [entry({ sha256: A.slice(1) }), 'tokens[0].sha256: '],
    [JSON.stringify({ tokens: Array.from({ length: 2 }, () => ({ user: 'u', roles: [], sha256: A })) }), 'twice'],
    [JSON.stringify({ tokens: Array.from({ length: 1_001 }, () => ({})) }), '1001 tokens, expected 1000 at most'],
    ['x'.repeat(1_100_000), 'bytes, expected'],
  ])('refuses %.40s in one line', (text, problem) => {
    write(text);
    const read = () => readTokenFile(path);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^BERTH_TOKENS_FILE: [^\n]+$/);
    expect(read).toThrow(problem);
  });

  it('shows no token that somebody put in the place of its digest', () => {
    write(entry({ sha256: 'berth_secret' }));
    expect(() => readTokenFile(path)).not.toThrow(/berth_secret/);
  });

  it('refuses a file that is not there', () => {
    expect(() => readTokenFile(join(directory, 'none'))).toThrow(/^BERTH_TOKENS_FILE: .+ENOENT[^\n]+$/);
  });
});
