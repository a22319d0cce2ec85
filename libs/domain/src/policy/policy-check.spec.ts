import { describe, expect, it } from '@jest/globals';
import { parsePolicyCheck, type PolicyCheck } from './policy-check.js';

const role = (name: string): PolicyCheck => ({ kind: 'role', role: [name] });
const A = role('a');
const B = role('b');
const C = role('c');

function read(written: unknown): PolicyCheck | string {
  const parsed = parsePolicyCheck(written);
  return parsed.status === 'parsed' ? parsed.check : parsed.problem;
}

describe('parsePolicyCheck (docs/policy.md)', () => {
  it.each<[string, PolicyCheck]>([
    ['', { kind: 'allow' }],
    ['@', { kind: 'allow' }],
    ['!', { kind: 'deny' }],
    ['role:a', A],
    ['role:x:y', role('x:y')],
    ['rule:placement:usages', { kind: 'rule', name: 'placement:usages' }],
    ['project_id:%(project_id)s', { kind: 'attribute', attribute: 'project_id', value: [{ key: 'project_id' }] }],
    ['user.id:a%(k)s%%', { kind: 'attribute', attribute: 'user.id', value: ['a', { key: 'k' }, '%'] }],
    ["'x':%(k)s", { kind: 'literal', literal: 'x', value: [{ key: 'k' }] }],
    ['"x":', { kind: 'literal', literal: 'x', value: [''] }],
    ['True:%(k)s', { kind: 'literal', literal: 'True', value: [{ key: 'k' }] }],
    ['-1.5:x', { kind: 'literal', literal: '-1.5', value: ['x'] }],
    ['role:a or role:b and role:c', { kind: 'or', checks: [A, { kind: 'and', checks: [B, C] }] }],
    ['(role:a or role:b) and role:c', { kind: 'and', checks: [{ kind: 'or', checks: [A, B] }, C] }],
    ['NOT role:a And\n\trole:b', { kind: 'and', checks: [{ kind: 'not', check: A }, B] }],
    ['not not role:a', A],
    ['( ( role:a ))', A],
    ['not (role:%(k)s)', { kind: 'not', check: { kind: 'role', role: [{ key: 'k' }] } }],
  ])('reads %j', (text, check) => {
    expect(read(text)).toEqual(check);
  });

  it.each<[unknown, PolicyCheck]>([
    [[], { kind: 'allow' }],
    [[[]], { kind: 'deny' }],
    [['role:a', []], A],
    [[['role:a', 'role:b'], 'role:c'], { kind: 'or', checks: [{ kind: 'and', checks: [A, B] }, C] }],
    [[['role:two words']], role('two words')],
  ])('reads the lists %j: the outer one is "or", the inner ones "and"', (lists, check) => {
    expect(read(lists)).toEqual(check);
  });

  it.each([
    [' ', 'expected a check, found the end'],
    ['role:a and', "expected a check after 'and', found the end"],
    ['or role:a', "expected a check, found 'or'"],
    ['role:a role:b', "expected 'and', 'or' or the end, found 'role:b'"],
    ['(role:a', "expected 'and', 'or' or ')' after 'role:a', found the end"],
    ['role:a)', "expected 'and', 'or' or the end, found ')'"],
    ['not', "expected a check after 'not', found the end"],
    ['admin', "'admin' is no check: expected rule:admin, role:admin, or another with a colon"],
    ['"quoted"', /^'"quoted"' is no check/],
    ['not(role:a)', /^'not\(role' before the colon/],
    ['007:x', /^'007' before the colon/],
    ['1.50:x', /^'1.50' before the colon/],
    ['[1]:x', /before the colon/],
    ['role:50%', /expected %\(key\)s, or %% for a percent sign$/],
    ['role:%(key)d', /expected %\(key\)s/],
    ['http://judge/%(k)s', /would ask another server, which Berth does not/],
    ['role:a or https:x', /would ask another server/],
    [`${'('.repeat(200)}role:a${')'.repeat(200)}`, /^more than 100 parentheses/],
    [null, /^expected text or a list, found nothing/],
    [true, /found a boolean/],
    [7, /found a number/],
    [{}, /found a map/],
    [[7], /^expected lists of single checks/],
    [[['']], /^'' is no check/],
  ])('refuses %j and says what was expected', (written, problem) => {
    const said = read(written);
    if (typeof problem === 'string') expect(said).toBe(problem);
    else expect(said).toMatch(problem);
  });
});
