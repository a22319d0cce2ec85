import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { parseResources } from './resources.filter.js';

const FORM =
  'Badly formed resources parameter. Expected resources query string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. Got: ';

describe('resources=', () => {
  it.each<[string, [string, number][]]>([
    ['VCPU:1', [['VCPU', 1]]],
    [
      'VCPU:2,MEMORY_MB:1024',
      [
        ['VCPU', 2],
        ['MEMORY_MB', 1024],
      ],
    ],
    [
      'VCPU:1,DISK_GB:5,VCPU:3',
      [
        ['VCPU', 3],
        ['DISK_GB', 5],
      ],
    ],
    ['VCPU: 1 ', [['VCPU', 1]]],
    ['VCPU:+1', [['VCPU', 1]]],
    ['VCPU:007', [['VCPU', 7]]],
    [' VCPU:1', [[' VCPU', 1]]],
    ['VCPU:2147483648', [['VCPU', 2147483648]]],
  ])('%j is understood', (value, expected) => {
    expect(parseResources(value)).toEqual(expected.map(([resourceClass, amount]) => ({ resourceClass, amount })));
  });

  it.each([
    ['', `${FORM}empty string.`],
    ['  ', `${FORM}empty string.`],
    ['VCPU', `${FORM}VCPU.`],
    ['VCPU:1:2', `${FORM}VCPU:1:2.`],
    ['VCPU:1,', `${FORM}.`],
    [',VCPU:1', `${FORM}.`],
    ['VCPU:1,MEMORY_MB', `${FORM}MEMORY_MB.`],
    ['VCPU:', 'Requested resource VCPU expected positive integer amount. Got: .'],
    ['VCPU:fish', 'Requested resource VCPU expected positive integer amount. Got: fish.'],
    ['VCPU:1.5', 'Requested resource VCPU expected positive integer amount. Got: 1.5.'],
    ['VCPU:1 2', 'Requested resource VCPU expected positive integer amount. Got: 1 2.'],
    ['VCPU:0x10', 'Requested resource VCPU expected positive integer amount. Got: 0x10.'],
    ['VCPU:0', 'Requested resource VCPU requires amount >= 1. Got: 0.'],
    ['VCPU:-0', 'Requested resource VCPU requires amount >= 1. Got: 0.'],
    ['VCPU: -2 ', 'Requested resource VCPU requires amount >= 1. Got: -2.'],
    ['VCPU:-9007199254740993', 'Requested resource VCPU requires amount >= 1. Got: -9007199254740993.'],
    ['VCPU:0,MEMORY_MB:x', 'Requested resource VCPU requires amount >= 1. Got: 0.'],
    ['VCPU:x,MEMORY_MB', 'Requested resource VCPU expected positive integer amount. Got: x.'],
  ])('%j is refused', (value, message) => {
    expect(() => parseResources(value)).toThrow(new Invalid(message));
  });
});
