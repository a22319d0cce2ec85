import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import { parseInTree } from './in-tree.filter.js';

describe('in_tree= of candidates', () => {
  it('keeps whatever looks like a uuid as it was written', () => {
    expect(parseInTree('5F2C1A4E9B3D4C7A8E210123456789AB')).toBe('5F2C1A4E9B3D4C7A8E210123456789AB');
  });

  it('overlooks blanks around it', () => {
    expect(parseInTree(' 5f2c1a4e-9b3d-4c7a-8e21-0123456789ab ')).toBe('5f2c1a4e-9b3d-4c7a-8e21-0123456789ab');
  });

  it.each(['', ' ', ' x ', '5f2c1a4e -9b3d-4c7a-8e21-0123456789ab', 'life-is-beautiful'])('refuses %j', (value) => {
    expect(() => parseInTree(value)).toThrow(
      new Invalid(
        `Invalid query string parameters: Expected 'in_tree' parameter to be a format of uuid. Got: ${value}`,
      ),
    );
  });
});
