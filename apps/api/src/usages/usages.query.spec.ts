import { describe, expect, it } from '@jest/globals';
import { toUsagesFilter } from './usages.query.js';

const PREFIX = '^Invalid query string parameters: ';

describe('the query of project usages', () => {
  it('reads whose usages are wanted', () => {
    expect(toUsagesFilter([['project_id', 'p']], 9)).toEqual({
      projectId: 'p',
      userId: undefined,
      consumerType: undefined,
    });
    const pairs = [
      ['consumer_type', 'all'],
      ['project_id', 'p'],
      ['user_id', 'u'],
      ['project_id', 'q'],
    ] as const;
    expect(toUsagesFilter(pairs, 38)).toEqual({ projectId: 'q', userId: 'u', consumerType: 'all' });
  });

  it.each<[[string, string][], number, string]>([
    [[], 9, "'project_id' is a required property"],
    [[['user_id', 'u']], 39, "'project_id' is a required property"],
    [[['project_id', '']], 9, ".*Failed validating 'minLength'"],
    [[['project_id', 'p'.repeat(256)]], 9, ".*Failed validating 'maxLength'"],
    [
      [
        ['project_id', 'p'],
        ['user_id', ''],
      ],
      9,
      ".*Failed validating 'minLength'",
    ],
    [
      [
        ['project_id', 'p'],
        ['user_id', 'u'.repeat(256)],
      ],
      38,
      ".*Failed validating 'maxLength'",
    ],
    [
      [
        ['project_id', 'p'],
        ['fish', 'x'],
      ],
      9,
      "Additional properties are not allowed \\('fish' was unexpected\\)",
    ],
    [
      [
        ['project_id', 'p'],
        ['consumer_type', 'X'],
      ],
      37,
      ".*'consumer_type' was unexpected",
    ],
    [
      [
        ['project_id', 'p'],
        ['consumer_type', 'instance'],
      ],
      38,
      ".*Failed validating 'pattern'",
    ],
    [
      [
        ['project_id', 'p'],
        ['consumer_type', 'unknowns'],
      ],
      38,
      ".*Failed validating 'pattern'",
    ],
    [
      [
        ['project_id', 'p'],
        ['consumer_type', ''],
      ],
      38,
      '.*Failed validating',
    ],
    [
      [
        ['project_id', 'p'],
        ['consumer_type', 'X'.repeat(256)],
      ],
      38,
      ".*Failed validating 'maxLength'",
    ],
  ])('%j is refused at 1.%d', (pairs, minor, text) => {
    expect(() => toUsagesFilter(pairs, minor)).toThrow(new RegExp(PREFIX + text));
  });

  it.each(['INSTANCE', 'unknown', 'all', 'allotment', 'ALL'])('takes %s as a consumer type', (consumerType) => {
    const pairs = [
      ['project_id', 'p'],
      ['consumer_type', consumerType],
    ] as const;
    expect(toUsagesFilter(pairs, 38)).toMatchObject({ consumerType });
  });
});
