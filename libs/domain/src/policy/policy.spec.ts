import { describe, expect, it } from '@jest/globals';
import { KNOWN_RULES, namesPolicyFile } from './known-rules.js';
import { makePolicy, type Policy, type WrittenRule } from './policy.js';

const LIST = 'placement:resource_providers:list';

const rules = (texts: Readonly<Record<string, unknown>>): WrittenRule[] =>
  Object.entries(texts).map(([name, value], index) => ({ name, value, line: index + 1 }));

function made(texts: Readonly<Record<string, unknown>>, defaults: 'secure' | 'legacy' = 'secure'): Policy {
  const outcome = makePolicy(defaults, rules(texts));
  if (outcome.status === 'refused') throw new Error(JSON.stringify(outcome.problems));
  return outcome.policy;
}

const somebody = (roles: string) => ({ user: 'u', project: 'p1', roles: new Set(roles.split(',')) });

describe('makePolicy', () => {
  it('changes single rules and leaves the others', () => {
    const policy = made({ [LIST]: 'role:reader' });
    expect(policy.allows(LIST, somebody('reader'), {})).toBe(true);
    expect(policy.allows(LIST, somebody('admin'), {})).toBe(false);
    expect(policy.allows('placement:traits:list', somebody('reader'), {})).toBe(false);
    expect(policy.allows('placement:traits:list', somebody('admin'), {})).toBe(true);
  });

  it('changes all that refer to a rule with it', () => {
    const policy = made({ admin_or_service_api: 'rule:ours', ours: 'role:cloud_admin' });
    expect(policy.allows(LIST, somebody('cloud_admin'), {})).toBe(true);
    expect(policy.allows(LIST, somebody('admin,service'), {})).toBe(false);
  });

  it.each([
    ['secure', false],
    ['legacy', true],
  ] as const)('leaves reshaping as %s has it', (defaults, allowed) => {
    expect(made({ [LIST]: '@' }, defaults).allows('placement:reshaper:reshape', somebody('admin'), {})).toBe(allowed);
  });

  it('knows where each rule comes from', () => {
    const policy = made({ [LIST]: [['role:reader']], ours: '@' });
    const find = (name: string) => policy.rules.find((rule) => rule.name === name);
    expect(find(LIST)).toEqual({
      name: LIST,
      text: '[["role:reader"]]',
      origin: 'file',
      guards: ['GET /resource_providers'],
      asksForProject: false,
    });
    expect(find('ours')).toMatchObject({ text: '@', origin: 'file', guards: [] });
    expect(find('placement:usages')).toMatchObject({ origin: 'default', asksForProject: true });
    expect(policy.rules).toHaveLength(KNOWN_RULES.length + 1);
  });

  it.each([
    [{ 'placement:resource_provider:list': '@' }, `there is no such rule; the nearest is ${LIST}`],
    [{ 'berth:claim:create': '@' }, 'there is no such rule; the nearest is berth:claims:create'],
    [{ [LIST]: 'role:a and' }, "expected a check after 'and', found the end"],
    [
      { admin_api: 'rule:admin_or_service_api', admin_or_service_api: 'rule:admin_api' },
      'leads back to itself: admin_api → admin_or_service_api → admin_api',
    ],
  ])('refuses %j', (texts, text) => {
    const [rule] = Object.keys(texts);
    expect(makePolicy('secure', rules(texts))).toEqual({ status: 'refused', problems: [{ line: 1, rule, text }] });
  });

  it('tells all that is wrong', () => {
    const outcome = makePolicy('secure', rules({ a: 'x', 'placement:b': 'y' }));
    expect(outcome).toMatchObject({ status: 'refused', problems: [{ line: 1 }, { line: 2 }, { line: 2 }] });
  });

  it.each([
    [{ a: 'rule:b' }, ['rule:b names no rule: it refuses everyone']],
    [{ a: 'rule:b', default: '!' }, ['rule:b names no rule: the rule default holds instead']],
    [{ a: 'system_scope:all' }, ['no caller has system_scope: expected user_id, project_id, roles, is_admin']],
    [{ a: 'role:%(tenant)s' }, ['no target has tenant: expected project_id, user_id']],
    [{ a: '' }, ['empty text allows everyone; "@" would say so']],
    [{ a: 'role:b or not user_id:%(user_id)s' }, []],
  ])('warns of what %j says', (texts, warnings) => {
    expect(made(texts).warnings.map(({ text }) => text)).toEqual(warnings);
  });

  it.each(['secure', 'legacy', 'open'] as const)('has defaults that are sound: %s', (defaults) => {
    expect(makePolicy(defaults)).toMatchObject({ status: 'made', policy: { warnings: [] } });
    const texts = Object.fromEntries(KNOWN_RULES.map(({ name, text }) => [name, text[defaults]]));
    expect(made(texts).warnings).toEqual([]);
  });
});

describe('namesPolicyFile', () => {
  it.each(['policy.yaml', 'policy.yml', 'policy.json', '/etc/berth/policy', './policy'])('%s is a file', (setting) => {
    expect(namesPolicyFile(setting)).toBe(true);
  });

  it.each(['secure', 'legacy', 'open', '', 'yaml'])('%j is none', (setting) => {
    expect(namesPolicyFile(setting)).toBe(false);
  });
});
