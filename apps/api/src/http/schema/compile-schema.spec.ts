import { describe, expect, it } from '@jest/globals';
import { compileSchema } from './compile-schema.js';
import type { JsonSchema } from './json-schema.js';

const UUID: JsonSchema = { type: 'string', format: 'uuid' };

/** Short text, keyword and schema path: what clients match. */
function headline(schema: JsonSchema, value: unknown): string | undefined {
  return compileSchema(schema)(value)?.split(':     ')[0];
}

describe('each keyword (spec errors.md §4)', () => {
  it.each<[JsonSchema, unknown, string]>([
    [{ type: 'integer' }, 'x', "'x' is not of type 'integer'  Failed validating 'type' in schema"],
    [{ type: 'integer' }, true, "True is not of type 'integer'  Failed validating 'type' in schema"],
    [{ type: 'integer' }, 1.5, "1.5 is not of type 'integer'  Failed validating 'type' in schema"],
    [{ type: 'integer' }, Infinity, "inf is not of type 'integer'  Failed validating 'type' in schema"],
    [{ type: 'number' }, -Infinity, "-inf is not of type 'number'  Failed validating 'type' in schema"],
    [
      { type: 'number', maximum: 5 },
      Infinity,
      "inf is greater than the maximum of 5  Failed validating 'maximum' in schema",
    ],
    [{ type: 'number' }, false, "False is not of type 'number'  Failed validating 'type' in schema"],
    [{ type: 'array' }, {}, "{} is not of type 'array'  Failed validating 'type' in schema"],
    [{ type: 'object' }, [], "[] is not of type 'object'  Failed validating 'type' in schema"],
    [{ type: 'object' }, null, "None is not of type 'object'  Failed validating 'type' in schema"],
    [{ type: 'string' }, 5, "5 is not of type 'string'  Failed validating 'type' in schema"],
    [{ type: ['integer', 'null'] }, 'x', "'x' is not of type 'integer', 'null'  Failed validating 'type' in schema"],
    [
      { type: 'object', properties: { total: {} }, required: ['total'] },
      {},
      "'total' is a required property  Failed validating 'required' in schema",
    ],
    [
      { type: 'object', properties: {}, additionalProperties: false },
      { x: 1 },
      "Additional properties are not allowed ('x' was unexpected)  Failed validating 'additionalProperties' in schema",
    ],
    [
      { type: 'object', properties: { c: {} }, additionalProperties: false },
      { b: 1, c: 1, a: 1 },
      "Additional properties are not allowed ('a', 'b' were unexpected)  Failed validating 'additionalProperties' in schema",
    ],
    [
      { type: 'object', patternProperties: { '^b$': {}, '^a$': {} }, additionalProperties: false },
      { x: 1 },
      "'x' does not match any of the regexes: '^a$', '^b$'  Failed validating 'additionalProperties' in schema",
    ],
    [
      { type: 'object', patternProperties: { '^c$': {} }, additionalProperties: false },
      { b: 1, a: 1, c: 1 },
      "'a', 'b' do not match any of the regexes: '^c$'  Failed validating 'additionalProperties' in schema",
    ],
    [
      { type: 'string', pattern: '^[A-Z0-9_]+$' },
      'instance',
      "'instance' does not match '^[A-Z0-9_]+$'  Failed validating 'pattern' in schema",
    ],
    [UUID, 'x', "'x' is not a 'uuid'  Failed validating 'format' in schema"],
    [{ type: 'integer', minimum: 1 }, 0, "0 is less than the minimum of 1  Failed validating 'minimum' in schema"],
    [
      { type: 'integer', maximum: 2147483647 },
      2147483648,
      "2147483648 is greater than the maximum of 2147483647  Failed validating 'maximum' in schema",
    ],
    [
      { type: 'number', maximum: 3.40282e38 },
      Infinity,
      "inf is greater than the maximum of 3.40282e+38  Failed validating 'maximum' in schema",
    ],
    [{ type: 'string', minLength: 1 }, '', "'' is too short  Failed validating 'minLength' in schema"],
    [{ type: 'string', maxLength: 2 }, 'abc', "'abc' is too long  Failed validating 'maxLength' in schema"],
    [{ type: 'array', minItems: 1 }, [], "[] is too short  Failed validating 'minItems' in schema"],
    [{ type: 'array', maxItems: 1 }, [1, 2], "[1, 2] is too long  Failed validating 'maxItems' in schema"],
    [
      { type: 'object', minProperties: 1 },
      {},
      "{} does not have enough properties  Failed validating 'minProperties' in schema",
    ],
    [
      { type: 'array', uniqueItems: true, items: { type: 'string' } },
      ['a', 'b', 'a'],
      "['a', 'b', 'a'] has non-unique elements  Failed validating 'uniqueItems' in schema",
    ],
    [
      { type: 'string', enum: ['none', 'isolate'] },
      'bogus',
      "'bogus' is not one of ['none', 'isolate']  Failed validating 'enum' in schema",
    ],
    [
      { anyOf: [UUID, { type: 'null' }] },
      5,
      "5 is not valid under any of the given schemas  Failed validating 'anyOf' in schema",
    ],
    [{ anyOf: [UUID, { type: 'null' }] }, 'x', "'x' is not a 'uuid'  Failed validating 'format' in schema[0]"],
  ])('%j refuses %j', (schema, value, text) => {
    expect(headline(schema, value)).toBe(text);
  });

  it.each<[JsonSchema, unknown]>([
    [{ type: 'integer' }, 10.0],
    [{ type: 'integer', minimum: 1 }, 1e24],
    [{ type: 'number' }, 10],
    [{ type: ['integer', 'null'] }, null],
    [{ type: 'string', maxLength: 2 }, '😀😀'],
    [{ type: 'string', pattern: 'b' }, 'abc'],
    [{ type: 'array', uniqueItems: true, items: { type: 'string' } }, ['a', 'A', 'á']],
    [{ pattern: '^x$', minimum: 3, minItems: 1 }, null],
    [{ anyOf: [UUID, { type: 'null' }] }, null],
    [{ type: 'object', patternProperties: { a: { type: 'string' } } }, { b: 5 }],
  ])('%j accepts %j', (schema, value) => {
    expect(compileSchema(schema)(value)).toBeUndefined();
  });

  it('says where in the schema and where in the value, and shows both', () => {
    const resources: JsonSchema = {
      type: 'object',
      patternProperties: { '^[A-Z]+$': { type: 'integer', minimum: 1 } },
    };
    const check = compileSchema({ properties: { allocations: { items: { properties: { resources } } } } });
    expect(check({ allocations: [{}, { resources: { VCPU: 0 } }] })).toBe(
      '0 is less than the minimum of 1' +
        "  Failed validating 'minimum' in schema['properties']['allocations']['items']['properties']['resources']" +
        "['patternProperties']['^[A-Z]+$']:     {'type': 'integer', 'minimum': 1}" +
        "  On instance['allocations'][1]['resources']['VCPU']:     0",
    );
  });
});

describe('of several violations', () => {
  const inner: JsonSchema = { type: 'object', properties: { n: { type: 'integer' } }, additionalProperties: false };
  const schema: JsonSchema = {
    type: 'object',
    properties: { b: inner, c: { type: 'integer', minimum: 1 }, a: { type: 'integer' } },
    patternProperties: { '^p': { type: 'integer' } },
    required: ['b', 'a'],
    additionalProperties: false,
  };

  it.each<[string, unknown, string]>([
    ['the nearest to the root', { b: { n: 'deep' }, a: 'near' }, "'near' is not of type 'integer'"],
    ['the first in the order of the properties', { a: 'second', b: 'first' }, "'first' is not of type 'object'"],
    ['a wrong type before another fault', { b: { n: 1 }, c: 0, a: 'bad' }, "'bad' is not of type 'integer'"],
    ['a property of the list before a pattern', { p: 'second', a: 'first', b: {} }, "'first' is not of type 'integer'"],
    ['what is missing before what is too much', { x: 1, a: 1 }, "'b' is a required property"],
    ['the first of the missing', {}, "'b' is a required property"],
    ['what is too much before a bad member', { x: 1, a: 'bad', b: {} }, "'x' does not match any of the regexes: '^p'"],
  ])('%s is told', (_, value, text) => {
    expect(headline(schema, value)).toMatch(text);
    expect(headline(schema, value)?.indexOf(text)).toBe(0);
  });

  it('what is too much is told before what is missing where the schema says so first', () => {
    const { required, additionalProperties, ...rest } = schema;
    expect(headline({ ...rest, additionalProperties, required }, { x: 1, a: 1 })).toMatch(/^'x' does not match/);
  });
});

describe('a query schema', () => {
  const string: JsonSchema = { type: 'string' };

  it('reports a missing key ahead of unexpected ones', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { resources: string },
      required: ['resources'],
      additionalProperties: false,
    };
    expect(headline(schema, { limit: '5' })).toMatch("'resources' is a required property");
    expect(headline(schema, { limit: '5', resources: 'VCPU:1' })).toBe(
      "Additional properties are not allowed ('limit' was unexpected)  Failed validating 'additionalProperties' in schema",
    );
  });

  it('names its patterns in order', () => {
    const suffix = '([1-9][0-9]*)?$';
    const schema: JsonSchema = {
      type: 'object',
      properties: { limit: { type: 'string', pattern: '^[1-9][0-9]*$' } },
      patternProperties: {
        [`^resources${suffix}`]: string,
        [`^required${suffix}`]: string,
        [`^member_of${suffix}`]: string,
      },
      additionalProperties: false,
    };
    expect(headline(schema, { root_required: 'X', resources1: 'VCPU:1' })).toMatch(
      "'root_required' does not match any of the regexes: '^member_of([1-9][0-9]*)?$', '^required([1-9][0-9]*)?$', '^resources([1-9][0-9]*)?$'",
    );
    expect(headline(schema, { limit: '-99' })).toBe(
      "'-99' does not match '^[1-9][0-9]*$'  Failed validating 'pattern' in schema['properties']['limit']",
    );
  });
});

describe('hostile values', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: { name: { type: 'string', maxLength: 5 }, list: { type: 'array', items: { type: 'string' } } },
    required: ['name'],
    additionalProperties: false,
  };

  it('sees __proto__ as the key that it is', () => {
    const check = compileSchema(schema);
    expect(check(JSON.parse('{"name": "a", "__proto__": {"x": 1}}'))).toMatch("('__proto__' was unexpected)");
    expect(check(JSON.parse('{"__proto__": {"name": "a"}}'))).toMatch("'name' is a required property");
    expect(check({ name: 'a', constructor: 1 })).toMatch("('constructor' was unexpected)");
  });

  it('takes nothing inherited for given', () => {
    const properties = Object.fromEntries([['toString', { type: 'string' } as const]]);
    const check = compileSchema({ type: 'object', properties, required: ['toString'] });
    expect(check({})).toMatch("'toString' is a required property");
    expect(check({ toString: 'a' })).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['a long string', { name: 'x'.repeat(1_000_000) }],
    ['a long key', { name: 'x', ['y'.repeat(1_000_000)]: 1 }],
    ['many keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 1]))],
    ['many violations', { name: 'x', list: Array(1_000_000).fill(5) }],
  ])('%s makes no long text', (_, value) => {
    const text = compileSchema(schema)(value);
    expect(text).toMatch(/Failed validating/);
    expect(text?.length).toBeLessThan(5000);
  });
});

it('does not follow a list that should be unique down into what is no scalar', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  const schema: JsonSchema = { type: 'array', uniqueItems: true, items: { type: 'string' } };
  expect(headline(schema, [deep, deep])).toMatch(/^\[\[\[.*\.\.\. is not of type 'string'/);
  expect(() => compileSchema({ type: 'array', uniqueItems: true })).toThrow(
    'uniqueItems needs items of one scalar type',
  );
});

it('refuses a schema keyword that it has no words for, at any depth', () => {
  const unknown = { items: { properties: { a: { multipleOf: 2 } } } } as unknown as JsonSchema;
  expect(() => compileSchema(unknown)).toThrow("JSON schema keyword 'multipleOf' is not supported");
});
