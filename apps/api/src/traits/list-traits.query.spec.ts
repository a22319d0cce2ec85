import { describe, expect, it } from '@jest/globals';
import { Invalid } from '#berth/domain';
import type { TraitsFilter } from '#berth/placement';
import { toTraitsFilter } from './list-traits.query.js';

const NOTHING: TraitsFilter = { names: undefined, prefix: undefined, associated: undefined };
const NAME_FORM =
  'Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix]. Got: ';
const ASSOCIATED = 'The query parameter "associated" only accepts "true" or "false"';

function parse(query: string): TraitsFilter {
  return toTraitsFilter([...new URLSearchParams(query)]);
}

describe('the query of the trait list', () => {
  it.each<[string, Partial<TraitsFilter>]>([
    ['', {}],
    ['name=in:A,B', { names: ['A', 'B'] }],
    ['name=in:', { names: [] }],
    ['name=in:A:B', { names: ['A:B'] }],
    ['name=startswith:HW_', { prefix: 'HW_' }],
    ['name=startswith:', { prefix: '' }],
    ['name=like:HW_', {}],
    ['name=:HW_', {}],
    ['associated=true', { associated: true }],
    ['associated=FaLSe', { associated: false }],
    ['name=bad&name=in:A&associated=x&associated=TRUE', { names: ['A'], associated: true }],
  ])('%s is understood', (query, expected) => {
    expect(parse(query)).toEqual({ ...NOTHING, ...expected });
  });

  it.each([
    ['name=in_abc', `${NAME_FORM}"in_abc"`],
    ['name=', `${NAME_FORM}""`],
    ['associated=', ASSOCIATED],
    ['associated=yes', ASSOCIATED],
    ['associated=yes&name=x', `${NAME_FORM}"x"`],
  ])('%s is refused', (query, message) => {
    expect(() => parse(query)).toThrow(new Invalid(message));
  });

  it('knows no other keys', () => {
    expect(() => parse('prefix=x')).toThrow(
      /^Invalid query string parameters: Additional properties are not allowed \('prefix' was unexpected\)/,
    );
  });
});
