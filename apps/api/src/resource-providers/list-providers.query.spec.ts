import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import type { QueryPairs } from '../http/filters/query-pairs.js';
import { toListFilter } from './list-providers.query.js';

const UUID = '5f2c1a4e-9b3d-4c7a-8e21-0123456789ab';
const AGGREGATE = '11111111-1111-4111-8111-111111111111';
const NOTHING = {
  name: undefined,
  uuid: undefined,
  inTree: undefined,
  memberOf: [],
  notMemberOf: [],
  required: [],
  forbidden: [],
  resources: [],
};

function parse(query: string): QueryPairs {
  return [...new URLSearchParams(query)];
}

describe('the query of the provider list', () => {
  it('asks for everything when it is empty', () => {
    expect(toListFilter([], 0)).toEqual(NOTHING);
    expect(toListFilter(parse('name='), 39)).toEqual(NOTHING);
  });

  it('reads every filter at once', () => {
    const query = `name=cn&uuid=${UUID}&in_tree=${UUID}&member_of=${AGGREGATE}&member_of=!${UUID}&required=A,!B&required=in:C,D&resources=VCPU:1,DISK_GB:2`;
    expect(toListFilter(parse(query), 39)).toEqual({
      name: 'cn',
      uuid: UUID,
      inTree: UUID,
      memberOf: [[AGGREGATE]],
      notMemberOf: [UUID],
      required: [['A'], ['C', 'D']],
      forbidden: ['B'],
      resources: [
        { resourceClass: 'VCPU', amount: 1 },
        { resourceClass: 'DISK_GB', amount: 2 },
      ],
    });
  });

  it('lets the last of several values count', () => {
    const filter = toListFilter(parse(`name=a&name=b&resources=bad&resources=VCPU:1&uuid=bad&uuid=${UUID}`), 39);
    expect(filter).toMatchObject({ name: 'b', uuid: UUID, resources: [{ resourceClass: 'VCPU', amount: 1 }] });
  });

  it.each([
    ['member_of', AGGREGATE, 3],
    ['resources', 'VCPU:1', 4],
    ['in_tree', UUID, 14],
    ['required', 'A', 18],
  ])('knows %s=%s since 1.%d', (key, value, since) => {
    expect(() => toListFilter([[key, value]], since - 1)).toThrow(
      new RegExp(
        `^Invalid query string parameters: Additional properties are not allowed \\('${key}' was unexpected\\)`,
      ),
    );
    expect(() => toListFilter([[key, value]], since)).not.toThrow();
  });

  it.each(['uuid', 'in_tree'])('wants %s with its dashes', (key) => {
    for (const value of ['', 'spameggs', UUID.replaceAll('-', ''), `{${UUID}}`]) {
      const text =
        `Invalid query string parameters: '${value}' is not a 'uuid'  ` +
        `Failed validating 'format' in schema['properties']['${key}']:`;
      expect(() => toListFilter([[key, value]], 14)).toThrow(text);
    }
    expect(() => toListFilter([[key, UUID.toUpperCase()]], 14)).not.toThrow();
  });

  it('reports member_of before required before resources', () => {
    expect(() => toListFilter(parse('resources=x&required=,&member_of=x'), 39)).toThrow(/'member_of'/);
    expect(() => toListFilter(parse('resources=x&required=,'), 39)).toThrow(/'required'/);
    expect(() => toListFilter(parse('resources=x'), 39)).toThrow(/^Badly formed resources parameter/);
    expect(() => toListFilter(parse('member_of=x&bogus=1'), 39)).toThrow(/'bogus' was unexpected/);
  });

  it.each([
    [`member_of=${AGGREGATE}&member_of=${UUID}`, 23, 'Multiple member_of parameters are not supported'],
    [`member_of=!${AGGREGATE}`, 31, 'Forbidden member_of parameters are not supported in the specified microversion'],
    [
      'required=!A',
      21,
      "Invalid query string parameters: Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got: !A",
    ],
    [
      'required=in:A',
      38,
      "Invalid query string parameters: The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got: in:A",
    ],
  ])('%s is too early at 1.%d', (query, minor, message) => {
    expect(() => toListFilter(parse(query), minor)).toThrow(new Invalid(message));
    expect(() => toListFilter(parse(query), minor + 1)).not.toThrow();
  });
});
