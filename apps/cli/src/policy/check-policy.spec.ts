import { describe, expect, it } from '@jest/globals';
import { KNOWN_RULES, makePolicy } from '#berth/domain';
import { Refusal } from '../refusal.js';
import { checkRules, toTarget } from './check-policy.js';
import { policyOf } from './policy-source.js';

const FILE = { 'placement:traits:list': 'project_id:%(project_id)s', ours: 'project_id:%(project_id)s' };

function check(rule: string | undefined, roles: readonly string[], pairs: readonly string[] = []) {
  const made = makePolicy(
    'secure',
    Object.entries(FILE).map(([name, value]) => ({ name, value, line: 1 })),
  );
  if (made.status === 'refused') throw new Error('the rules are broken');
  const caller = { user: 'u', project: 'p1', roles: new Set(roles) };
  return checkRules(made.policy, caller, toTarget(pairs), rule, ['placement:usages']);
}

describe('checkRules', () => {
  it.each([
    ['placement:usages', ['reader'], ['project_id=p1'], true],
    ['placement:usages', ['reader'], ['project_id=p2'], false],
    ['placement:usages', ['reader'], [], false],
    ['placement:traits:list', [], ['project_id=p2'], true],
    ['ours', [], ['project_id=p1'], true],
    ['ours', [], ['project_id=p2'], false],
    ['ours', [], [], false],
  ])('%s for the roles %j and the target %j: %s', (rule, roles, pairs, allowed) => {
    expect(check(rule, roles, pairs)).toMatchObject([{ rule, allowed }]);
  });

  it('without a rule looks at all that decide about requests', () => {
    const wanted = KNOWN_RULES.filter(({ guards }) => guards.length > 0).map(({ name }) => name);
    expect(check(undefined, ['admin']).map(({ rule }) => rule)).toEqual(wanted);
  });

  it('names the nearest rule for one that is not there', () => {
    expect(() => check('placement:usage', [])).toThrow(
      new Refusal('--rule placement:usage: there is no such rule; the nearest is placement:usages'),
    );
  });

  it.each(['p1', '=p1'])('refuses the target %s', (pair) => {
    expect(() => toTarget([pair])).toThrow(/^--target '.*', expected key=value/);
  });

  it('takes the rest after the first = as the value', () => {
    expect(toTarget(['a=b=c', 'd='])).toEqual({ a: 'b=c', d: '' });
  });
});

describe('policyOf', () => {
  const reshape = (options: object, env: Record<string, string>) =>
    policyOf(options, env).rules.find(({ name }) => name === 'placement:reshaper:reshape')?.text;

  it.each([
    [{}, {}, 'rule:service_api'],
    [{}, { BERTH_POLICY: 'legacy' }, 'rule:service_api or rule:admin_api'],
    [{}, { BERTH_POLICY: 'open' }, '@'],
    [{ defaults: 'legacy' }, { BERTH_POLICY: 'open' }, 'rule:service_api or rule:admin_api'],
    [{ defaults: 'secure' }, { BERTH_POLICY: '/none.yaml' }, 'rule:service_api'],
  ])('with %j and the environment %j reshaping is %s', (options, env, text) => {
    expect(reshape(options, env)).toBe(text);
  });

  it('refuses what is neither a name nor a file', () => {
    expect(() => policyOf({ defaults: 'strict' }, {})).toThrow(Refusal);
    expect(() => policyOf({}, { BERTH_POLICY: 'strict' })).toThrow(/^the policy 'strict', expected secure/);
  });
});
