import { describe, expect, it } from '@jest/globals';
import { makePolicy, POLICY_DEFAULTS, type PolicyDefaults, type PolicyTarget } from '#berth/domain';
import type { Identity } from './identity.js';
import { judge as judgeBy, type Verdict } from './policy.js';

const LIST = 'placement:resource_providers:list';
const USAGES = 'placement:usages';
const RESHAPE = 'placement:reshaper:reshape';

function somebody(roles: string, more: Partial<Identity> = {}): Identity {
  const names = roles.split(',').filter((role) => role !== '');
  return { user: 'u', project: 'p1', roles: new Set(names), scope: 'project', ...more };
}

function judge(defaults: PolicyDefaults, rule: string, identity: Identity, target?: PolicyTarget): Verdict {
  const made = makePolicy(defaults);
  if (made.status === 'refused') throw new Error(`the defaults '${defaults}' are broken`);
  return judgeBy(made.policy, rule, identity, target);
}

const refused = (rule: string): string => `Policy does not allow ${rule} to be performed.`;

describe('judge (spec http.md §2.1)', () => {
  it.each([
    ['secure', 'admin', LIST, true],
    ['secure', 'service', LIST, true],
    ['secure', 'reader,member', LIST, false],
    ['secure', '', LIST, false],
    ['secure', 'service', RESHAPE, true],
    ['secure', 'admin', RESHAPE, false],
    ['secure', 'admin,service', RESHAPE, true],
    ['legacy', 'admin', LIST, true],
    ['legacy', 'reader', LIST, false],
    ['legacy', 'service', RESHAPE, true],
    ['legacy', 'admin', RESHAPE, true],
    ['legacy', 'member', RESHAPE, false],
    ['open', '', LIST, true],
    ['open', '', RESHAPE, true],
  ] as const)('%s: the roles "%s" for %s: %s', (policy, roles, rule, allowed) => {
    expect(judge(policy, rule, somebody(roles))).toBe(allowed ? undefined : refused(rule));
  });

  it.each([
    ['reader', 'p1', true],
    ['reader', 'p2', false],
    ['reader', undefined, false],
    ['member', 'p1', false],
    ['admin', 'p2', true],
    ['service', undefined, true],
  ])('usages: the role %s of project p1 for %s: %s', (roles, projectId, allowed) => {
    for (const policy of ['secure', 'legacy'] as const) {
      expect(judge(policy, USAGES, somebody(roles), { project_id: projectId })).toBe(
        allowed ? undefined : refused(USAGES),
      );
    }
  });

  it('nobody is a reader of no project', () => {
    const stranger = somebody('reader', { project: undefined });
    expect(judge('secure', USAGES, stranger, { project_id: undefined })).toBe(refused(USAGES));
  });

  it.each(POLICY_DEFAULTS)('%s: a scope other than a project is refused, by the name of the rule alone', (policy) => {
    for (const scope of ['system', 'domain'] as const) {
      expect(judge(policy, LIST, somebody('admin,service', { scope }), {})).toBe(LIST);
    }
  });

  it('without a target of its own a request is about the caller', () => {
    const made = makePolicy('secure', [
      { name: LIST, value: 'project_id:%(project_id)s and user_id:%(user_id)s', line: 1 },
    ]);
    if (made.status === 'refused') throw new Error('the rule is broken');
    expect(judgeBy(made.policy, LIST, somebody(''))).toBeUndefined();
    expect(judgeBy(made.policy, LIST, somebody('admin', { project: undefined }))).toBe(refused(LIST));
  });
});
