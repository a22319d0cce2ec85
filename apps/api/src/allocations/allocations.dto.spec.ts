import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { POST_ALLOCATIONS_BODIES, PUT_ALLOCATIONS_BODIES } from './allocations.dto.js';

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';
const OWNER = { project_id: 'p', user_id: 'u' };
const LISTED = [{ resource_provider: { uuid: UUID.toUpperCase() }, resources: { VCPU: 1, CUSTOM_A: 1e24 } }];
const KEYED = { [UUID]: { resources: { VCPU: 2.0 }, generation: 7 }, ['-'.repeat(36)]: { resources: { VCPU: 1 } } };
const NEW = { ...OWNER, consumer_generation: null };
const MAPPED = { mappings: { '': 'unchecked', _A: [UUID] } };
const TYPED = { consumer_type: 'INSTANCE' };

/** What each form of PUT looks like, and since which minor version it is the one. */
const FORMS: readonly [since: number, body: object][] = [
  [0, { allocations: LISTED }],
  [8, { allocations: LISTED, ...OWNER }],
  [12, { allocations: KEYED, ...OWNER }],
  [28, { allocations: {}, ...NEW }],
  [34, { allocations: KEYED, ...NEW, ...MAPPED }],
  [38, { allocations: KEYED, ...NEW, ...TYPED }],
];

function put(minor: number, body: unknown): string | undefined {
  const row = PUT_ALLOCATIONS_BODIES.findLast(({ since }) => since <= minor);
  if (row === undefined) throw new Error(`no body at ${minor}`);
  return validateBody(row.class, body);
}

describe('PUT /allocations/{consumer_uuid} (spec allocations.md §3)', () => {
  it.each(FORMS)('accepts its form of 1.%i and refuses that of every other', (since, body) => {
    for (const { since: minor } of PUT_ALLOCATIONS_BODIES) {
      // `mappings` is optional: what 1.28 takes, 1.34 takes.
      const accepted = minor === since || (since === 28 && minor === 34);
      expect({ minor, accepted: put(minor, body) === undefined }).toEqual({ minor, accepted });
    }
  });

  it.each([
    [0, { allocations: [] }, '[] is too short', 'minItems'],
    [0, { allocations: KEYED }, "is not of type 'array'", 'type'],
    [0, { allocations: LISTED, ...OWNER }, "('project_id', 'user_id' were unexpected)", 'additionalProperties'],
    [
      0,
      { allocations: [{ resource_provider: { uuid: UUID }, resources: {} }] },
      '{} does not have enough',
      'minProperties',
    ],
    [0, { allocations: [{ resource_provider: { uuid: UUID } }] }, "'resources' is a required property", 'required'],
    [
      0,
      { allocations: [{ resource_provider: { uuid: 'x' }, resources: { VCPU: 1 } }] },
      "'x' is not a 'uuid'",
      'format',
    ],
    [
      0,
      { allocations: [{ resource_provider: { uuid: UUID }, resources: { VCPU: 0 } }] },
      '0 is less than the min',
      'minimum',
    ],
    [0, { allocations: [{ ...LISTED[0], generation: 1 }] }, "('generation' was unexpected)", 'additionalProperties'],
    [8, { allocations: LISTED, user_id: 'u' }, "'project_id' is a required property", 'required'],
    [8, { allocations: LISTED, ...OWNER, project_id: '' }, "'' is too short", 'minLength'],
    [8, { allocations: LISTED, ...OWNER, user_id: 'u'.repeat(256) }, 'is too long', 'maxLength'],
    [12, { allocations: {}, ...OWNER }, '{} does not have enough properties', 'minProperties'],
    [12, { allocations: LISTED, ...OWNER }, "is not of type 'object'", 'type'],
    [
      12,
      { allocations: { x: {} }, ...OWNER },
      "'x' does not match any of the regexes: '^[0-9a-fA-F-]{36}$'",
      'additionalP',
    ],
    [
      12,
      { allocations: { [UUID]: { resources: { vcpu: 1 } } }, ...OWNER },
      "'vcpu' does not match any of the regexes: '^[A-Z0-9_]+$'",
      'additionalProperties',
    ],
    [12, { allocations: { [UUID]: { resources: { VCPU: true } } }, ...OWNER }, "True is not of type 'integer'", 'type'],
    [28, { allocations: {}, ...OWNER }, "'consumer_generation' is a required property", 'required'],
    [28, { allocations: {}, ...NEW, consumer_generation: '1' }, "'1' is not of type 'integer', 'null'", 'type'],
    [28, { allocations: {}, ...NEW, ...MAPPED }, "('mappings' was unexpected)", 'additionalProperties'],
    [34, { allocations: {}, ...NEW, mappings: {} }, '{} does not have enough properties', 'minProperties'],
    [34, { allocations: {}, ...NEW, mappings: { _A: 'beta' } }, "'beta' is not of type 'array'", 'type'],
    [34, { allocations: {}, ...NEW, mappings: { _A: [] } }, '[] is too short', 'minItems'],
    [34, { allocations: {}, ...NEW, mappings: { '?A': ['x'] } }, "'x' is not a 'uuid'", 'format'],
    [34, { allocations: {}, ...NEW, ...TYPED }, "('consumer_type' was unexpected)", 'additionalProperties'],
    [38, { allocations: {}, ...NEW }, "'consumer_type' is a required property", 'required'],
    [38, { allocations: {}, ...NEW, consumer_type: 'unknown' }, "'unknown' does not match '^[A-Z0-9_]+$'", 'pattern'],
    [38, { allocations: {}, ...NEW, consumer_type: 'A'.repeat(256) }, 'is too long', 'maxLength'],
    [38, { allocations: 5, project_id: 5 }, "'user_id' is a required property", 'required'],
    [38, { allocations: 5, ...NEW, project_id: 6, ...TYPED }, "5 is not of type 'object'", 'type'],
  ])('1.%i refuses %j', (minor, body, short, keyword) => {
    const text = put(minor, body);
    expect(text).toContain(short);
    expect(text).toContain(`Failed validating '${keyword}`);
  });
});

describe('POST /allocations (spec allocations.md §4)', () => {
  const VALUES: readonly [since: number, value: object][] = [
    [13, { allocations: {}, ...OWNER }],
    [28, { allocations: {}, ...NEW }],
    [34, { allocations: KEYED, ...NEW, ...MAPPED }],
    [38, { allocations: KEYED, ...NEW, ...MAPPED, ...TYPED }],
  ];

  function post(minor: number, body: unknown): string | undefined {
    const row = POST_ALLOCATIONS_BODIES.findLast(({ since }) => since <= minor);
    if (row === undefined) throw new Error(`no body at ${minor}`);
    return validateBody(row.class, body);
  }

  it.each(VALUES)('accepts the values of 1.%i and refuses those of every other', (since, value) => {
    for (const { since: minor } of POST_ALLOCATIONS_BODIES) {
      const accepted = minor === since || (since === 28 && minor === 34);
      expect({ minor, accepted: post(minor, { [UUID]: value }) === undefined }).toEqual({ minor, accepted });
    }
  });

  it.each([
    [{}, '{} does not have enough properties'],
    [[], "[] is not of type 'object'"],
    [{ x: {} }, "'x' does not match any of the regexes: '^[0-9a-fA-F-]{36}$'"],
    [{ [UUID]: VALUES[3]?.[1], ['a'.repeat(36)]: {} }, "'allocations' is a required property"],
  ])('refuses %j', (body, short) => {
    expect(post(38, body)?.slice(0, short.length)).toBe(short);
  });
});
