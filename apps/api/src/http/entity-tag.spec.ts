import { describe, expect, it } from '@jest/globals';
import { digestOf, entityTag, namesTag } from './entity-tag.js';

const DIGEST = digestOf('{"generation":7}');

describe('the tag of an answer', () => {
  it('begins with the generation, and is a strong one', () => {
    expect(entityTag(7, DIGEST, undefined)).toMatch(/^"7\.\d+"$/);
  });

  it('is the same for the same bytes, in whatever process', () => {
    expect(digestOf(Buffer.from('{}'))).toBe(digestOf('{}'));
    expect(digestOf(Buffer.from('"ü"'))).toBe(digestOf('"ü"'));
    expect(entityTag(7, digestOf('{}'), undefined)).toBe('"7.4905387166444775306"');
  });

  it('is another for other bytes, another generation and another coding', () => {
    const tags = [
      entityTag(7, DIGEST, undefined),
      entityTag(7, digestOf('{"generation":8}'), undefined),
      entityTag(8, DIGEST, undefined),
      entityTag(7, DIGEST, 'br'),
      entityTag(7, DIGEST, 'gzip'),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('says the coding behind the rest', () => {
    const plain = entityTag(7, DIGEST, undefined);
    expect(entityTag(7, DIGEST, 'gzip')).toBe(`${plain.slice(0, -1)}-gzip"`);
  });
});

describe('If-None-Match', () => {
  it.each([
    ['"7.1"', true],
    ['W/"7.1"', true],
    [' "7.1" ', true],
    ['"6.1", "7.1"', true],
    ['"6.1","7.1"', true],
    ['"6.1", W/"7.1" , "8"', true],
    ['"a,b", "7.1"', true],
    ['*', true],
    [' * ', true],
    ['"7.1-gzip"', false],
    ['"7"', false],
    ['"7.10"', false],
    ['"17.1"', false],
    ['7.1', false],
    ["'7.1'", false],
    ['"*"', false],
    ['"6.1", *', false],
    ['""', false],
    ['', false],
  ])('%s: %s', (header, named) => {
    expect(namesTag(header, '"7.1"')).toBe(named);
  });
});
