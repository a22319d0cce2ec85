import { describe, expect, it } from '@jest/globals';
import type { RequestGroup } from '#berth/placement';
import { ERROR_CODES, Invalid } from '#berth/domain';
import { checkGroups } from './request-groups.rules.js';

const UUID = '11111111-1111-4111-8111-111111111111';
const VCPU = [{ resourceClass: 'VCPU', amount: 1 }];

function group(suffix: string, conditions: Partial<RequestGroup> = {}): RequestGroup {
  return {
    suffix,
    resources: [],
    required: [],
    forbidden: [],
    memberOf: [],
    notMemberOf: [],
    inTree: undefined,
    ...conditions,
  };
}

interface Query {
  readonly groups: readonly RequestGroup[];
  readonly subtrees?: readonly (readonly string[])[];
  readonly policy?: string;
}

function judge({ groups, subtrees = [], policy }: Query, minor: number): Invalid | undefined {
  try {
    checkGroups(groups, subtrees, policy, minor);
  } catch (error) {
    if (error instanceof Invalid) return error;
    throw error;
  }
  return undefined;
}

const full = (suffix: string): RequestGroup => group(suffix, { resources: VCPU });
const withTraits = (suffix: string): RequestGroup => group(suffix, { required: [['A']] });
const inAggregate = (suffix: string): RequestGroup => group(suffix, { memberOf: [[UUID]] });

describe('groups before 1.36', () => {
  it.each<[string, Query, string]>([
    ['no group', { groups: [] }, 'At least one request group (`resources` or `resources{$S}`) is required.'],
    [
      'traits without resources',
      { groups: [withTraits('1'), inAggregate('2'), withTraits(''), full('3')] },
      'All traits parameters must be associated with resources.  Found the following orphaned traits keys: required1, required',
    ],
    [
      'aggregates without resources',
      { groups: [inAggregate(''), group('3', { notMemberOf: [UUID] }), group('4', { inTree: UUID })] },
      'All member_of parameters must be associated with resources. Found the following orphaned member_of keys: member_of, member_of3',
    ],
    [
      'only forbidden traits',
      { groups: [full(''), group('1', { forbidden: ['A'] })] },
      'All request groups must specify resources.',
    ],
    ['only a tree', { groups: [group('', { inTree: UUID })] }, 'All request groups must specify resources.'],
  ])('%s', (_, query, message) => {
    expect(judge(query, 35)).toMatchObject({ message, code: ERROR_CODES.undefined });
  });

  it('come with a policy when several are granular', () => {
    const text = 'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.';
    expect(judge({ groups: [full(''), full('1')] }, 25)).toBeUndefined();
    expect(judge({ groups: [full('2'), full('1')] }, 25)).toMatchObject({ message: text });
    expect(judge({ groups: [full('2'), full('1')], policy: 'none' }, 25)).toBeUndefined();
    expect(judge({ groups: [full('2'), withTraits('1')], subtrees: [['1', '2']] }, 36)).toMatchObject({
      message: text,
    });
  });
});

describe('groups from 1.36', () => {
  it.each<[string, Query, string, string]>([
    [
      'no group',
      { groups: [] },
      ERROR_CODES.queryMissingValue,
      'There must be at least one resources or resources[$S] parameter.',
    ],
    [
      'no group with resources, though all are named',
      { groups: [withTraits('1')], subtrees: [['1']] },
      ERROR_CODES.queryMissingValue,
      'There must be at least one resources or resources[$S] parameter.',
    ],
    [
      'resourceless groups that no subtree names',
      { groups: [full('1'), withTraits('2'), withTraits('3'), withTraits('4')], subtrees: [['1', '3']] },
      ERROR_CODES.queryBadValue,
      "Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - ['2', '4'].",
    ],
    [
      'the unsuffixed group without resources',
      { groups: [full('1'), withTraits('')], subtrees: [['1']] },
      ERROR_CODES.queryBadValue,
      "Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - [''].",
    ],
    [
      'a subtree that names no group',
      { groups: [full('1')], subtrees: [['1', '2'], ["it's"]] },
      ERROR_CODES.queryBadValue,
      "Real suffixes should be specified in `same_subtree`: ['2', \"it's\"] not found in ['1'].",
    ],
  ])('%s', (_, query, code, message) => {
    expect(judge(query, 36)).toMatchObject({ message, code });
  });

  it('may lack resources where a subtree names them', () => {
    const query: Query = { groups: [full('1'), withTraits('2')], subtrees: [['1', '2']], policy: 'none' };
    expect(judge(query, 36)).toBeUndefined();
    expect(judge(query, 35)).toBeInstanceOf(Invalid);
  });
});

describe('required and forbidden traits of a group', () => {
  const contradicting: Query = {
    groups: [
      group('1', { resources: VCPU, required: [['B', 'A'], ['X']], forbidden: ['A', 'B', 'Y'] }),
      group('', { resources: VCPU, required: [['CUSTOM_C']], forbidden: ['CUSTOM_C'] }),
    ],
  };

  it('must not contradict each other from 1.22', () => {
    expect(judge(contradicting, 21)).toBeUndefined();
    expect(judge(contradicting, 22)).toMatchObject({
      code: ERROR_CODES.undefined,
      message:
        'Conflicting required and forbidden traits found in the following traits keys: required1: (A, B), required: (CUSTOM_C)',
    });
  });

  it('are told set by set, in order', () => {
    const query: Query = {
      groups: [
        group('', { resources: VCPU, required: [['C'], ['B', 'A'], ['X', 'A']], forbidden: ['A', 'B', 'C'] }),
        group('_', { resources: VCPU, required: [['C'], ['C']], forbidden: ['C'] }),
      ],
    };
    expect(judge(query, 39)).toMatchObject({
      message:
        'Conflicting required and forbidden traits found in the following traits keys: required: (A, B), required: (C), required_: (C), required_: (C)',
    });
  });

  it('may overlap as long as one trait of the set is left', () => {
    expect(
      judge({ groups: [group('', { resources: VCPU, required: [['A', 'B']], forbidden: ['A'] })] }, 39),
    ).toBeUndefined();
  });
});
