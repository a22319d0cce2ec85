import { describe, expect, it } from '@jest/globals';
import type { CandidatesRequest } from '#berth/placement';
import { ERROR_CODES, Invalid } from '#berth/domain';
import { toCandidatesRequest } from './candidates.query.js';

const UUID = '5f2c1a4e-9b3d-4c7a-8e21-0123456789ab';
const OTHER = '11111111-1111-4111-8111-111111111111';
const OPTIONS = { maxCandidates: undefined, randomize: false } as const;
const EMPTY_GROUP = { required: [], forbidden: [], memberOf: [], notMemberOf: [], inTree: undefined };
const QUERY = 'Invalid query string parameters: ';

/** Splits at `&` and `=` alone: what a test writes is what the parser sees, plus signs and blanks included. */
function parse(query: string, minor: number): CandidatesRequest {
  const pairs = query === '' ? [] : query.split('&').map((part) => part.split(/=(.*)/s));
  return toCandidatesRequest(
    pairs.map(([key = '', value = '']) => [key, value] as const),
    minor,
    OPTIONS,
  );
}

function failure(query: string, minor: number): Invalid {
  try {
    parse(query, minor);
  } catch (error) {
    if (error instanceof Invalid) return error;
    throw error;
  }
  throw new Error(`${query} was accepted at 1.${minor}`);
}

describe('a candidates query', () => {
  it('becomes a request', () => {
    expect(parse('resources=VCPU:1,DISK_GB:5', 10)).toEqual({
      groups: [
        {
          ...EMPTY_GROUP,
          suffix: '',
          resources: [
            { resourceClass: 'VCPU', amount: 1 },
            { resourceClass: 'DISK_GB', amount: 5 },
          ],
        },
      ],
      groupPolicy: undefined,
      rootRequired: [],
      rootForbidden: [],
      sameSubtrees: [],
      limit: undefined,
      spanTrees: false,
      maxCandidates: undefined,
      randomize: false,
    });
  });

  it('gathers groups by suffix in the order of their first key', () => {
    const query =
      `required_N=A,!B&resources=VCPU:1&resources_N=NET:2&member_of_N=in:${UUID},${OTHER}&in_tree=${UUID}` +
      `&required_N=in:C,D&member_of_N=!${OTHER}&resources_N=NET:3&required_X=T&same_subtree=_N, _X,_N&same_subtree=_X` +
      '&group_policy=isolate&limit=7&root_required=R,!S';
    expect(parse(query, 39)).toEqual({
      groups: [
        {
          suffix: '_N',
          resources: [{ resourceClass: 'NET', amount: 3 }],
          required: [['A'], ['C', 'D']],
          forbidden: ['B'],
          memberOf: [[UUID, OTHER]],
          notMemberOf: [OTHER],
          inTree: undefined,
        },
        { ...EMPTY_GROUP, suffix: '', resources: [{ resourceClass: 'VCPU', amount: 1 }], inTree: UUID },
        { ...EMPTY_GROUP, suffix: '_X', resources: [], required: [['T']] },
      ],
      groupPolicy: 'isolate',
      rootRequired: ['R'],
      rootForbidden: ['S'],
      sameSubtrees: [['_N', '_X'], ['_X']],
      limit: 7,
      spanTrees: true,
      maxCandidates: undefined,
      randomize: false,
    });
  });

  it('spans trees from 1.29 and passes on what the operator decided', () => {
    expect(parse('resources=VCPU:1', 28).spanTrees).toBe(false);
    expect(parse('resources=VCPU:1', 29).spanTrees).toBe(true);
    const options = { maxCandidates: 5, randomize: true };
    expect(toCandidatesRequest([['resources', 'VCPU:1']], 39, options)).toMatchObject(options);
  });

  it('lets the last required count until 1.38 and all of them from 1.39', () => {
    const query = 'required=A&required=B&resources=VCPU:1';
    expect(parse(query, 38).groups[0]?.required).toEqual([['B']]);
    expect(parse(query, 39).groups[0]?.required).toEqual([['A'], ['B']]);
  });

  it('takes the first group_policy and limit, and checks the last', () => {
    const two = 'resources1=VCPU:1&resources2=VCPU:1';
    expect(parse(`${two}&group_policy=isolate&group_policy=none`, 25).groupPolicy).toBe('isolate');
    expect(parse(`${two}&group_policy=none&group_policy=isolate`, 25).groupPolicy).toBe('none');
    expect(parse('resources=VCPU:1&limit=3&limit=9', 16).limit).toBe(3);
    expect(failure('resources=VCPU:1&limit=3&limit=x', 16).message).toMatch(/'x' does not match/);
    expect(failure('resources=VCPU:1&limit=abc&limit=1', 16).message).toMatch(/'abc' does not match/);
    expect(parse(`resources=VCPU:1&limit=${'9'.repeat(400)}`, 16).limit).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('the keys of a candidates query', () => {
  it.each([
    ['limit=1', 16],
    ['required=A', 17],
    [`member_of=${UUID}`, 21],
    ['group_policy=none', 25],
    ['resources1=VCPU:1', 25],
    [`required2=A&resources2=VCPU:1`, 25],
    [`member_of3=${UUID}&resources3=VCPU:1`, 25],
    [`in_tree=${UUID}`, 31],
    [`in_tree1=${UUID}&resources1=VCPU:1`, 31],
    ['resources01=VCPU:1', 33],
    ['resources_COMPUTE=VCPU:1', 33],
    [`resources-a=VCPU:1`, 33],
    [`resources${'x'.repeat(64)}=VCPU:1`, 33],
    ['root_required=A', 35],
    ['same_subtree=1&resources1=VCPU:1', 36],
  ])('%s is known since 1.%d', (query, since) => {
    const key = query.split('=')[0] ?? '';
    const whole = `resources=VCPU:1&${query}`;
    const unknown =
      since <= 25
        ? `${QUERY}Additional properties are not allowed ('${key}'`
        : `${QUERY}'${key}' does not match any of the regexes: `;
    expect(failure(whole, since - 1).message.slice(0, unknown.length)).toBe(unknown);
    expect(() => parse(whole, since)).not.toThrow();
  });

  it.each([
    ['', 10, `${QUERY}'resources' is a required property  `],
    ['limit=1&bogus=1', 24, `${QUERY}'resources' is a required property  `],
    ['resources=VCPU:1&bogus=1', 24, `${QUERY}Additional properties are not allowed ('bogus' was unexpected)  `],
    [
      'resources=VCPU:1&bogus=1',
      25,
      `${QUERY}'bogus' does not match any of the regexes: '^member_of([1-9][0-9]*)?$', '^required([1-9][0-9]*)?$', '^resources([1-9][0-9]*)?$'  `,
    ],
    [
      'bogus=1',
      31,
      `${QUERY}'bogus' does not match any of the regexes: '^in_tree([1-9][0-9]*)?$', '^member_of([1-9][0-9]*)?$', '^required([1-9][0-9]*)?$', '^resources([1-9][0-9]*)?$'  `,
    ],
    [
      'resources1@=VCPU:1',
      39,
      `${QUERY}'resources1@' does not match any of the regexes: '^in_tree([a-zA-Z0-9_-]{1,64})?$', '^member_of([a-zA-Z0-9_-]{1,64})?$', '^required([a-zA-Z0-9_-]{1,64})?$', '^resources([a-zA-Z0-9_-]{1,64})?$'  `,
    ],
    ['resources=VCPU:1&limit=0', 16, `${QUERY}'0' does not match '^[1-9][0-9]*$'  Failed validating 'pattern'`],
    ['resources=VCPU:1&limit=-1', 39, `${QUERY}'-1' does not match '^[1-9][0-9]*$'  Failed validating 'pattern'`],
    ['resources=VCPU:1&limit=', 39, `${QUERY}'' does not match '^[1-9][0-9]*$'  Failed validating 'pattern'`],
    ['group_policy=bogus', 25, `${QUERY}'bogus' is not one of ['none', 'isolate']  Failed validating 'enum'`],
  ])('%j is refused at 1.%d', (query, minor, text) => {
    expect(failure(query, minor).message.slice(0, text.length)).toBe(text);
  });

  it('refuses a suffix of 65 characters', () => {
    expect(failure(`resources${'x'.repeat(65)}=VCPU:1`, 39).message).toMatch(/does not match any of the regexes/);
  });
});

describe('the values of a candidates query', () => {
  const FORBIDDEN_FORM = `${QUERY}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. `;

  it.each([
    [
      'resources=VCPU:1&root_required=A&root_required=A',
      ERROR_CODES.queryDuplicateKey,
      "Query parameter 'root_required' may be specified only once.",
    ],
    ['resources=VCPU:1&root_required=', ERROR_CODES.undefined, `${FORBIDDEN_FORM}Got an empty trait in: `],
    ['resources=VCPU:1&root_required=A,!', ERROR_CODES.undefined, `${FORBIDDEN_FORM}Got an empty trait in: A,!`],
    [
      'resources=VCPU:1&root_required=in:A,B',
      ERROR_CODES.undefined,
      `${QUERY}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got: in:A,B`,
    ],
    [
      'resources=VCPU:1&root_required=B,A,!A,!B,C',
      ERROR_CODES.queryBadValue,
      'Conflicting required and forbidden traits found in root_required: A, B',
    ],
    [
      'resources=VCPU:1&same_subtree=',
      ERROR_CODES.queryBadValue,
      'Empty string (unsuffixed group) can not be specified in `same_subtree` ',
    ],
    [
      'resources1=VCPU:1&same_subtree=1, ',
      ERROR_CODES.queryBadValue,
      'Empty string (unsuffixed group) can not be specified in `same_subtree` ',
    ],
    [
      'resources=',
      ERROR_CODES.undefined,
      'Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: empty string.',
    ],
    [
      'resources=VCPU:0&resources=VCPU:1',
      ERROR_CODES.undefined,
      'Requested resource VCPU requires amount >= 1. Got: 0.',
    ],
    [
      'resources=VCPU:1&in_tree=life-is-beautiful',
      ERROR_CODES.undefined,
      `${QUERY}Expected 'in_tree' parameter to be a format of uuid. Got: life-is-beautiful`,
    ],
    [
      `resourcesA=VCPU:1&in_treeA=x&in_treeA=${UUID}`,
      ERROR_CODES.undefined,
      `${QUERY}Expected 'in_tree' parameter to be a format of uuid. Got: x`,
    ],
    ['resources=VCPU:1&required=,&required=A', ERROR_CODES.undefined, `${FORBIDDEN_FORM}Got an empty trait in: ,`],
    [
      'resources=VCPU:1&member_of=!(^o^)',
      ERROR_CODES.undefined,
      `${QUERY}Expected 'member_of' parameter to contain valid UUID(s). Got: (^o^)`,
    ],
  ])('%s is refused with %s', (query, code, message) => {
    expect(failure(query, 39)).toMatchObject({ code, message });
  });

  it('are judged in the order of the query, after root_required and same_subtree', () => {
    expect(failure('resources=x&required=,', 39).message).toMatch(/^Badly formed/);
    expect(failure('required=,&resources=x', 39).message).toMatch(/empty trait/);
    expect(failure('resources=x&same_subtree=', 39).message).toMatch(/^Empty string/);
    expect(failure('resources=x&same_subtree=&root_required=,', 39).message).toMatch(/empty trait/);
    expect(failure('resources=x&root_required=,&bogus=1', 39).message).toMatch(/^Invalid .*'bogus' does not match/);
  });

  it.each([
    [`resources=VCPU:1&member_of=${UUID}&member_of=${OTHER}`, 23, 'Multiple member_of parameters are not supported'],
    [
      `resources1=VCPU:1&member_of1=!${UUID}`,
      31,
      'Forbidden member_of1 parameters are not supported in the specified microversion',
    ],
    [
      'resources=VCPU:1&required=!A',
      21,
      `${QUERY}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got: !A`,
    ],
    [
      'resourcesX=VCPU:1&requiredX=in:A',
      38,
      `${QUERY}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got: in:A`,
    ],
  ])('%s is too early at 1.%d', (query, minor, message) => {
    expect(failure(query, minor).message).toBe(message);
    expect(() => parse(query, minor + 1)).not.toThrow();
  });
});
