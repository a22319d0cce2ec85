import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { memberOf, type AggregateConditions } from './member-of.filter.js';

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';
const BAD = "Invalid query string parameters: Expected 'member_of' parameter to contain valid UUID(s). Got: ";
const MULTIPLE =
  "Multiple values for 'member_of' must be prefixed with the 'in:' or '!in:' keyword using the valid microversion. Got: ";

function read(values: readonly string[], minor: number, suffix = ''): AggregateConditions {
  return memberOf(
    values.map((value) => [`member_of${suffix}`, value]),
    suffix,
    minor,
  );
}

describe('member_of=', () => {
  it.each<[string[], number, AggregateConditions]>([
    [[], 3, { memberOf: [], notMemberOf: [] }],
    [[A], 3, { memberOf: [[A]], notMemberOf: [] }],
    [[A.toUpperCase()], 3, { memberOf: [[A.toUpperCase()]], notMemberOf: [] }],
    [[`in:${A},${B},${A}`], 21, { memberOf: [[A, B]], notMemberOf: [] }],
    [[A, `in:${A},${B}`], 24, { memberOf: [[A], [A, B]], notMemberOf: [] }],
    [[`!${A}`], 32, { memberOf: [], notMemberOf: [A] }],
    [[`!in:${A},${B}`, B, `!${A}`], 32, { memberOf: [[B]], notMemberOf: [A, B] }],
  ])('%j is understood at 1.%d', (values, minor, expected) => {
    expect(read(values, minor)).toEqual(expected);
  });

  it.each([
    [[A, B], 23, '', 'Multiple member_of parameters are not supported'],
    [[A, B], 23, '1', 'Multiple member_of1 parameters are not supported'],
    [['x', 'y'], 23, '', 'Multiple member_of parameters are not supported'],
    [[`!${A}`], 31, '', 'Forbidden member_of parameters are not supported in the specified microversion'],
    [[`!in:${A}`], 31, '2', 'Forbidden member_of2 parameters are not supported in the specified microversion'],
    [['!nope'], 31, '', `${BAD}nope`],
    [[`${A},${B}`], 39, '', `${MULTIPLE}${A},${B}`],
    [[`!${A},${B}`], 39, '_X', `${MULTIPLE}!${A},${B}`],
    [[''], 3, '', BAD],
    [['in:'], 39, '', BAD],
    [['!'], 39, '', BAD],
    [[`in:${A},`], 39, '', BAD],
    [[`in:${A},INVALID_UUID`], 39, '', `${BAD}INVALID_UUID`],
    [[`in:${A},!${B}`], 39, '_X', `${BAD}!${B}`],
    [[A, 'x'], 39, '', `${BAD}x`],
  ])('%j is refused at 1.%d with suffix %j', (values, minor, suffix, message) => {
    expect(() => read(values, minor, suffix)).toThrow(new Invalid(message));
  });
});
