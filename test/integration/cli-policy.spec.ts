import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KNOWN_RULES } from '#berth/domain';
import { berth } from '../support/berth-command.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-cli-policy-'));
  writeFileSync(
    join(directory, 'policy.yaml'),
    'placement:resource_providers:list: role:reader\nplacement:usages: project_id:%(project_id)s\nours: role:x or rule:none\n',
  );
  writeFileSync(join(directory, 'broken.yaml'), 'a: role:x or\nb: admin\n');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = berth(['policy', ...args], directory, env);
  return { code: await command.ended, output: command.output() };
}

const json = <T>(output: string): T => JSON.parse(output.slice(output.indexOf('[\n'))) as T;

describe('berth policy list (docs/policy.md)', () => {
  it('shows every rule, what it says, and where that comes from', async () => {
    const { code, output } = await run(['list', '--file', 'policy.yaml', '--json']);
    const rules = json<{ rule: string }[]>(output);
    expect(code).toBe(0);
    expect(rules.map(({ rule }) => rule)).toEqual([...KNOWN_RULES.map(({ name }) => name), 'ours']);
    expect(rules).toContainEqual({
      rule: 'placement:resource_providers:list',
      text: 'role:reader',
      from: 'file',
      guards: ['GET /resource_providers'],
    });
    expect(rules).toContainEqual({
      rule: 'placement:reshaper:reshape',
      text: 'rule:service_api',
      from: 'default',
      guards: ['POST /reshaper'],
    });
  });

  it('shows what the service would have', async () => {
    const env = { BERTH_POLICY: './policy.yaml', BERTH_POLICY_DEFAULTS: 'legacy' };
    const { output } = await run(['list'], env);
    expect(output).toMatch(/│ placement:resource_providers:list +│ role:reader +│ file +│ GET \/resource_providers +│/);
    expect(output).toMatch(/│ placement:reshaper:reshape +│ rule:service_api or rule:admin_api +│ default +│/);
  });
});

describe('berth policy check (docs/policy.md)', () => {
  it('accepts a sound file, and warns of what nobody can pass', async () => {
    const { code, output } = await run(['check', '--file', 'policy.yaml', '--roles', 'Reader', '--project', 'p1']);
    expect(code).toBe(0);
    expect(output).toContain("warning: line 3: rule 'ours': rule:none names no rule: it refuses everyone");
    expect(output).toMatch(/│ placement:resource_providers:list +│ allowed +│/);
    expect(output).toMatch(/│ placement:traits:list +│ denied +│/);
  });

  it('names all that is broken', async () => {
    const { code, output } = await run(['check', '--file', 'broken.yaml']);
    expect(code).toBe(1);
    expect(output.trim().split('\n')).toEqual([
      "Berth: broken.yaml:1: rule 'a': expected a check after 'or', found the end",
      "Berth: broken.yaml:2: rule 'b': 'admin' is no check: expected rule:admin, role:admin, or another with a colon",
    ]);
  });

  it('says by its exit code whether a rule allows it', async () => {
    const usages = ['check', '--file', 'policy.yaml', '--rule', 'placement:usages', '--project', 'p1'];
    expect(await run([...usages, '--target', 'project_id=p1'])).toMatchObject({ code: 0 });
    expect(await run([...usages, '--target', 'project_id=p2'])).toMatchObject({ code: 1 });
    expect(await run([...usages, '--target', 'p1'])).toMatchObject({ code: 2 });
  });
});
