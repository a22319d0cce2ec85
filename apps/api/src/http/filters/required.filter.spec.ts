import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import type { QueryPairs } from './query-pairs.js';
import { parseRequired, requiredOf, type TraitConditions } from './required.filter.js';

const PREFIX = 'Invalid query string parameters: ';
const PLAIN = `${PREFIX}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. `;
const FORBIDDEN = `${PREFIX}Expected 'required' parameter value of the form: HW_CPU_X86_VMX,!CUSTOM_MAGIC. `;
const ANY = `${PREFIX}Expected 'required' parameter value of the form: in:HW_CPU_X86_VMX,CUSTOM_MAGIC. `;
const IN_LATER = `${PREFIX}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since microversion 1.39. Got: `;
const IN_FORBIDDEN = `${PREFIX}The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support forbidden traits. Got: `;

function repeated(...values: string[]): QueryPairs {
  return values.map((value) => ['required', value]);
}

describe('required=', () => {
  it.each<[string, number, TraitConditions]>([
    ['A', 18, { required: [['A']], forbidden: [] }],
    ['A, B ,A', 21, { required: [['A'], ['B']], forbidden: [] }],
    ['A,!B', 22, { required: [['A']], forbidden: ['B'] }],
    ['!!B,!B', 38, { required: [], forbidden: ['B'] }],
    ['A,!A', 39, { required: [['A']], forbidden: ['A'] }],
    ['in:A,B', 39, { required: [['A', 'B']], forbidden: [] }],
    ['in: B , A,B', 39, { required: [['B', 'A']], forbidden: [] }],
    [' in:A', 38, { required: [['in:A']], forbidden: [] }],
  ])('%j is understood at 1.%d', (value, minor, expected) => {
    expect(requiredOf(repeated(value), 'required', minor)).toEqual(expected);
  });

  it.each([
    ['', 21, `${PLAIN}Got an empty trait in: `],
    [',,', 21, `${PLAIN}Got an empty trait in: ,,`],
    ['A, ,B', 21, `${PLAIN}Got an empty trait in: A, ,B`],
    ['A,!', 21, `${PLAIN}Got an empty trait in: A,!`],
    ['!!', 18, `${PLAIN}Got an empty trait in: !!`],
    ['', 22, `${FORBIDDEN}Got an empty trait in: `],
    ['A,', 39, `${FORBIDDEN}Got an empty trait in: A,`],
    ['A,!', 22, `${FORBIDDEN}Got an empty trait in: A,!`],
    ['!!', 39, `${FORBIDDEN}Got an empty trait in: !!`],
    ['!A', 21, `${PLAIN}Got: !A`],
    ['A,!B', 18, `${PLAIN}Got: A,!B`],
    ['in:A,B', 21, `${IN_LATER}in:A,B`],
    ['in:A,B', 38, `${IN_LATER}in:A,B`],
    ['in:', 38, `${IN_LATER}in:`],
    ['in:', 39, `${ANY}Got an empty trait in: in:`],
    ['in:A,,B', 39, `${ANY}Got an empty trait in: in:A,,B`],
    ['in:A,!B', 39, `${IN_FORBIDDEN}in:A,!B`],
  ])('%j is refused at 1.%d', (value, minor, message) => {
    expect(() => requiredOf(repeated(value), 'required', minor)).toThrow(new Invalid(message));
  });

  it('lets the last of several count until 1.38, read or not', () => {
    expect(requiredOf(repeated('A', '!B'), 'required', 38)).toEqual({ required: [], forbidden: ['B'] });
    expect(requiredOf(repeated(',,', 'B'), 'required', 38)).toEqual({ required: [['B']], forbidden: [] });
  });

  it('joins several from 1.39 and reads each', () => {
    expect(requiredOf(repeated('A,!X', 'in:B,C', '!X,!Y'), 'required', 39)).toEqual({
      required: [['A'], ['B', 'C']],
      forbidden: ['X', 'Y'],
    });
    expect(() => requiredOf(repeated(',,', 'B'), 'required', 39)).toThrow(Invalid);
  });

  it('asks for nothing when the key is absent', () => {
    expect(requiredOf([['required1', 'A']], 'required', 39)).toEqual({ required: [], forbidden: [] });
  });

  it('refuses what a given syntax leaves out', () => {
    expect(() => parseRequired('in:A', { forbidden: true, anyOf: false })).toThrow(new Invalid(`${IN_LATER}in:A`));
  });
});
