import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy, findRuleCycle, type PolicyCaller, type PolicyTarget } from './compile-policy.js';
import { parsePolicyCheck, type PolicyCheck, type PolicyTemplate } from './policy-check.js';

function rulesOf(texts: Readonly<Record<string, string>>): ReadonlyMap<string, PolicyCheck> {
  return new Map(
    Object.entries(texts).map(([name, text]) => {
      const parsed = parsePolicyCheck(text);
      if (parsed.status !== 'parsed') throw new Error(`${text}: ${parsed.problem}`);
      return [name, parsed.check];
    }),
  );
}

const caller = (more: Partial<PolicyCaller> = {}): PolicyCaller => ({
  user: 'u1',
  project: 'p1',
  roles: new Set(['reader']),
  ...more,
});

function allows(text: string, who: PolicyCaller, target: PolicyTarget = {}): boolean | undefined {
  return compilePolicy(rulesOf({ one: text })).get('one')?.(who, target);
}

describe('compilePolicy (docs/policy.md)', () => {
  it.each([
    ['@', true],
    ['!', false],
    ['', true],
    ['role:READER', true],
    ['role:writer', false],
    ['roles:reader', true],
    ['not role:reader', false],
    ['role:writer or user_id:u1 and project_id:p1', true],
    ['user_id:u2', false],
    ['is_admin:True', false],
    ['is_admin:False', true],
    ['tenant:p1', false],
    ['rule:unknown', false],
    ['not rule:unknown', true],
    ["'p1':p1", true],
    ['1:1', true],
  ])('a reader u1 of p1 and %j: %s', (text, allowed) => {
    expect(allows(text, caller())).toBe(allowed);
  });

  it.each([
    ['project_id:%(project_id)s', { project_id: 'p1' }, true],
    ['project_id:%(project_id)s', { project_id: 'p2' }, false],
    ['project_id:%(project_id)s', {}, false],
    ['project_id:p%(n)s', { n: '1' }, true],
    ['role:%(wanted)s', { wanted: 'Reader' }, true],
    ['role:%(wanted)s', {}, false],
    ["'p1':%(project_id)s", { project_id: 'p1' }, true],
    ['user_id:%%', {}, false],
  ])('%j with the target %j: %s', (text, target, allowed) => {
    expect(allows(text, caller(), target)).toBe(allowed);
  });

  it('a caller without a project is in none, not even in that called None', () => {
    const nowhere = caller({ project: undefined });
    for (const project_id of ['None', 'undefined', '', undefined]) {
      expect(allows('project_id:%(project_id)s', nowhere, { project_id })).toBe(false);
    }
  });

  it('an admin is is_admin', () => {
    expect(allows('is_admin:True', caller({ roles: new Set(['admin']) }))).toBe(true);
  });

  it('what names no rule means the one called default', () => {
    const rules = rulesOf({ one: 'rule:unknown', default: 'role:reader' });
    expect(compilePolicy(rules).get('one')?.(caller(), {})).toBe(true);
  });
});

describe('findRuleCycle', () => {
  it.each([
    [{ a: 'rule:a' }, ['a', 'a']],
    [{ a: 'role:x or not rule:b', b: 'rule:c', c: '(role:y and rule:b)' }, ['b', 'c', 'b']],
    [{ a: 'role:x', default: 'rule:nowhere' }, ['default', 'default']],
    [{ a: 'rule:nowhere', default: 'rule:a' }, ['a', 'default', 'a']],
    [{ a: 'rule:b and rule:c', b: 'rule:c', c: 'role:x' }, undefined],
    [{ a: 'rule:nowhere' }, undefined],
  ])('of %j is %j', (texts, cycle) => {
    expect(findRuleCycle(rulesOf(texts))).toEqual(cycle);
  });
});

/** What the words of the language mean, one by one and without regard to cost. */
function interpret(
  check: PolicyCheck,
  rules: ReadonlyMap<string, PolicyCheck>,
  who: PolicyCaller,
  target: PolicyTarget,
): boolean {
  const holds = (inner: PolicyCheck): boolean => interpret(inner, rules, who, target);
  if (check.kind === 'allow' || check.kind === 'deny') return check.kind === 'allow';
  if (check.kind === 'not') return !holds(check.check);
  if (check.kind === 'and') return check.checks.filter(holds).length === check.checks.length;
  if (check.kind === 'or') return check.checks.filter(holds).length > 0;
  if (check.kind === 'rule') {
    const meant = rules.get(check.name) ?? rules.get('default');
    return meant !== undefined && holds(meant);
  }
  const wanted = textOf(check.kind === 'role' ? check.role : check.value, target);
  if (wanted === undefined) return false;
  if (check.kind === 'role') return [...who.roles].includes(wanted.toLowerCase());
  if (check.kind === 'literal') return check.literal === wanted;
  const had: Readonly<Record<string, readonly (string | undefined)[]>> = {
    user_id: [who.user],
    project_id: [who.project],
    roles: [...who.roles],
    is_admin: [[...who.roles].includes('admin') ? 'True' : 'False'],
  };
  return (had[check.attribute] ?? []).includes(wanted);
}

function textOf(template: PolicyTemplate, target: PolicyTarget): string | undefined {
  const parts = template.map((part) => (typeof part === 'string' ? part : target[part.key]));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** A rule as somebody might write it: more blanks and parentheses than it takes, and words in any case. */
function written(check: PolicyCheck): string {
  if (check.kind === 'allow') return '@';
  if (check.kind === 'deny') return '!';
  if (check.kind === 'rule') return `rule:${check.name}`;
  if (check.kind === 'not') return `Not  ( ${written(check.check)})`;
  if (check.kind === 'and' || check.kind === 'or') {
    return `(${check.checks.map(written).join(` ${check.kind.toUpperCase()}\n`)} )`;
  }
  const template = check.kind === 'role' ? check.role : check.value;
  const text = template
    .map((part) => (typeof part === 'string' ? part.replaceAll('%', '%%') : `%(${part.key})s`))
    .join('');
  if (check.kind === 'role') return `role:${text}`;
  return check.kind === 'attribute' ? `${check.attribute}:${text}` : `'${check.literal}':${text}`;
}

/** Names and values that often meet. */
const word = fc.constantFrom('p1', 'u1', 'admin', 'Reader', 'True', '%');
const template: fc.Arbitrary<PolicyTemplate> = fc.oneof(
  word.map((text): PolicyTemplate => [text]),
  fc.constantFrom('project_id', 'user_id', 'other').map((key): PolicyTemplate => [{ key }]),
  fc.tuple(word, fc.constantFrom('project_id', 'other')).map(([text, key]): PolicyTemplate => [text, { key }]),
);

/** Rules refer only to those after them, so there is no cycle. */
const NAMES = ['a', 'b', 'c', 'default'];

function checkFor(index: number): fc.Arbitrary<PolicyCheck> {
  const later = NAMES.slice(index + 1);
  const references = index < NAMES.length - 1 ? [...later, 'nowhere'] : [];
  const leaves: fc.Arbitrary<PolicyCheck>[] = [
    fc.constantFrom<PolicyCheck>({ kind: 'allow' }, { kind: 'deny' }),
    template.map((role): PolicyCheck => ({ kind: 'role', role })),
    fc
      .tuple(fc.constantFrom('user_id', 'project_id', 'roles', 'is_admin', 'tenant'), template)
      .map(([attribute, value]): PolicyCheck => ({ kind: 'attribute', attribute, value })),
    fc.tuple(word, template).map(([literal, value]): PolicyCheck => ({ kind: 'literal', literal, value })),
    ...references.map((name) => fc.constant<PolicyCheck>({ kind: 'rule', name })),
  ];
  return fc.letrec<{ check: PolicyCheck }>((tie) => ({
    check: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(...leaves),
      tie('check').map((check): PolicyCheck => ({ kind: 'not', check })),
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('check'), { minLength: 2, maxLength: 3 }))
        .map(([kind, checks]): PolicyCheck => ({ kind, checks })),
    ),
  })).check;
}

const rule = fc.tuple(...NAMES.map((_, index) => checkFor(index)));
const anybody: fc.Arbitrary<PolicyCaller> = fc.record({
  user: fc.constantFrom('u1', 'p1'),
  project: fc.constantFrom('p1', 'admin', undefined),
  roles: fc.subarray(['admin', 'reader', 'p1']).map((roles) => new Set(roles)),
});
const anything: fc.Arbitrary<PolicyTarget> = fc.record(
  { project_id: word, user_id: word, other: word },
  { requiredKeys: [] },
);

describe('rules that are written, read and compiled', () => {
  it('mean what their words mean one by one', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(rule, anybody, anything, (checks, who, target) => {
        const rules = new Map(checks.map((check, index) => [NAMES[index] ?? '', check]));
        const compiled = compilePolicy(
          rulesOf(Object.fromEntries([...rules].map(([name, one]) => [name, written(one)]))),
        );
        for (const [name, check] of rules) {
          const wanted = interpret(check, rules, who, target);
          seen.add(wanted);
          expect({ name, allowed: compiled.get(name)?.(who, target) }).toEqual({ name, allowed: wanted });
        }
      }),
      { numRuns: 300 },
    );
    expect(seen.size).toBe(2);
  });
});
