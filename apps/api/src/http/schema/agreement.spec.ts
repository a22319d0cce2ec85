import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PUT_AGGREGATES_BODIES } from '../../aggregates/aggregates.dto.js';
import { POST_EXPLANATION_BODIES } from '../../allocation-candidates/explanation.dto.js';
import { POST_ALLOCATIONS_BODIES, PUT_ALLOCATIONS_BODIES } from '../../allocations/allocations.dto.js';
import { POST_CLAIMS_BODIES } from '../../claims/claims.dto.js';
import {
  POST_INVENTORY_BODIES,
  PUT_INVENTORIES_BODIES,
  PUT_INVENTORY_BODIES,
} from '../../inventories/inventories.dto.js';
import { POST_RESHAPER_BODIES } from '../../reshaper/reshaper.dto.js';
import { POST_RESOURCE_CLASS_BODIES, PUT_RESOURCE_CLASS_BODIES } from '../../resource-classes/resource-classes.dto.js';
import { POST_PROVIDER_BODIES, PUT_PROVIDER_BODIES } from '../../resource-providers/resource-providers.dto.js';
import { POST_SLOT_LOCKS_BODIES } from '../../slot-locks/slot-locks.dto.js';
import { PUT_PROVIDER_TRAITS_BODIES } from '../../traits/traits.dto.js';
import { obeysDecorators, schemaOf, validateBody } from './index.js';
import type { BodyClass, VersionedBody } from './index.js';
import { findViolation } from './violation.js';

/*
 * One declaration is read three ways: by class-validator (what the decorators mean to whoever knows them), by the compiled
 * schema (what requests are held to) and by the walk that words the error. On bodies near the edge all three must agree.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';
const OTHER_UUID = '5E05A85B-0A0F-4C1A-9E0E-1D2A3B4C5D6E';
const RECORD = { total: 8, reserved: 0, min_unit: 1, max_unit: 8, step_size: 1, allocation_ratio: 1.5 };
const HELD = {
  [UUID]: { resources: { VCPU: 2, CUSTOM_A: 1 }, generation: 1 },
  [OTHER_UUID]: { resources: { VCPU: 2 } },
};
const OWNED = { allocations: HELD, project_id: 'p', user_id: 'u' };
const KNOWN = { ...OWNED, consumer_generation: null };
const MAPPED = { ...KNOWN, mappings: { '': [UUID], _A: [UUID, OTHER_UUID] } };
const TYPED = { ...MAPPED, consumer_type: 'INSTANCE' };
const SLOTS: Json = ['a', { key: 'b', limit: 3 }, { key: 'c', limit: 1, slot: 0, since: 'now' }];
const SLOTTED = { ...TYPED, slot_locks: SLOTS };
const LISTED = [{ resource_provider: { uuid: UUID }, resources: { VCPU: 1 } }];
const INVENTORIES = { resource_provider_generation: 3, inventories: { VCPU: RECORD, CUSTOM_A: { total: 1 } } };

const CLAIM = {
  query: { resources: 'VCPU:1', required: ['A', 'in:B,C'] },
  consumers: [
    {
      consumer_uuid: UUID,
      consumer_generation: null,
      project_id: 'p',
      user_id: 'u',
      consumer_type: 'INSTANCE',
      slot_locks: ['a', { key: 'b', limit: 3 }],
    },
  ],
  preference: { weights: { VCPU: 1.5 } },
  dry_run: true,
};

const two = (consumer: Json): Json => ({ [UUID]: consumer, [OTHER_UUID]: consumer });

/** Every class of every request, each with a body that is valid for it. */
const EXAMPLES: ReadonlyMap<BodyClass, Json> = new Map([
  ...examples(PUT_AGGREGATES_BODIES, [UUID, OTHER_UUID], { resource_provider_generation: 3, aggregates: [UUID] }),
  ...examples(
    PUT_ALLOCATIONS_BODIES,
    ...[{ allocations: LISTED }, { allocations: LISTED, project_id: 'p', user_id: 'u' }, OWNED, KNOWN, MAPPED, TYPED],
  ),
  ...examples(POST_ALLOCATIONS_BODIES, two(OWNED), two(KNOWN), two(MAPPED), two(TYPED)),
  ...examples(POST_CLAIMS_BODIES, CLAIM),
  ...examples(POST_EXPLANATION_BODIES, { query: CLAIM.query }),
  ...examples(POST_INVENTORY_BODIES, { resource_class: 'VCPU', resource_provider_generation: 3, ...RECORD }),
  ...examples(PUT_INVENTORIES_BODIES, INVENTORIES),
  ...examples(PUT_INVENTORY_BODIES, { resource_provider_generation: 3, ...RECORD }),
  ...examples(
    POST_RESHAPER_BODIES,
    ...[KNOWN, MAPPED, TYPED].map((consumer) => ({ inventories: two(INVENTORIES), allocations: two(consumer) })),
  ),
  ...berthExamples([PUT_ALLOCATIONS_BODIES, SLOTTED], [POST_ALLOCATIONS_BODIES, two(SLOTTED)]),
  ...examples(POST_SLOT_LOCKS_BODIES, { owner: 'o', slot_locks: SLOTS, lease_seconds: 5 }),
  ...examples(POST_RESOURCE_CLASS_BODIES, { name: 'CUSTOM_A' }),
  ...examples(PUT_RESOURCE_CLASS_BODIES, { name: 'CUSTOM_A' }),
  ...examples(POST_PROVIDER_BODIES, { name: 'a', uuid: UUID }, { name: 'a', uuid: UUID, parent_provider_uuid: null }),
  ...examples(PUT_PROVIDER_BODIES, { name: 'a' }, { name: 'a', parent_provider_uuid: UUID }),
  ...examples(PUT_PROVIDER_TRAITS_BODIES, { resource_provider_generation: 3, traits: ['HW_CPU_X86_VMX', 'CUSTOM_A'] }),
]);

/** Of the bodies that only berth 1.0 has. */
function berthExamples(...rows: (readonly [readonly VersionedBody[], Json])[]): [BodyClass, Json][] {
  return rows.flatMap(([bodies, body]) =>
    bodies.flatMap(({ berth }): [BodyClass, Json][] => (berth === undefined ? [] : [[berth, body]])),
  );
}

function examples(rows: readonly VersionedBody[], ...bodies: Json[]): [BodyClass, Json][] {
  return rows.map((row, index) => [row.class, bodies[index] ?? null]);
}

/** Values at and beside the limits of the declarations. */
const VALUES: readonly Json[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 10.0, 1e24, 2147483647, 2147483648, 3.40282e38, 3.5e38],
  ...['', 'x', 'VCPU', 'vcpu', 'CUSTOM_', 'CUSTOM_A', 'CUSTOM_A\n', 'instance', UUID, OTHER_UUID, `{${UUID}}`],
  ...[`urn:uuid:${UUID}`, UUID.replaceAll('-', ''), UUID.slice(1), '-'.repeat(36), '😀'.repeat(200), '😀'.repeat(201)],
  ...['A'.repeat(255), 'A'.repeat(256), `CUSTOM_${'A'.repeat(248)}`, `CUSTOM_${'A'.repeat(249)}`],
  ...[[], [UUID], [UUID, UUID], ['', 'x'], [null], [[]], [{}]],
  ...[{}, { VCPU: 1 }, { VCPU: 0 }, { '': 'x' }, { '': 'x', a: [UUID] }, { [UUID]: {} }, { uuid: UUID }, RECORD],
  ...[HELD, TYPED],
];

const KEYS = [
  '',
  'extra',
  'VCPU',
  'house',
  UUID,
  UUID.slice(1),
  'total',
  'name',
  'uuid',
  'allocations',
  'mappings',
  'project_id',
];

const edit = fc.record({
  at: fc.nat(1000),
  what: fc.constantFrom('delete' as const, 'replace' as const, 'rename' as const, 'add' as const),
  key: fc.constantFrom(...KEYS),
  value: fc.constantFrom(...VALUES),
});

/** The example of the class or, now and then, of another: what is valid for one is near-valid for its neighbours. */
function nearValid(example: Json): fc.Arbitrary<Json> {
  const start = fc.oneof({ weight: 4, arbitrary: fc.constant(example) }, fc.constantFrom(...EXAMPLES.values()));
  return fc
    .tuple(start, fc.array(edit, { maxLength: 3 }))
    .map(([body, edits]) => edits.reduce(edited, structuredClone(body)));
}

/** Applies one edit to the place `at` counts to, in a walk over all members at any depth. */
function edited(body: Json, { at, what, key, value }: { at: number; what: string; key: string; value: Json }): Json {
  const places = placesIn(body);
  const place = places[at % (places.length + 1)];
  if (place === undefined) return what === 'replace' ? structuredClone(value) : body;
  const { holder, name } = place;
  const members = holder as { [key: string]: Json };
  if (what === 'replace') members[name] = structuredClone(value);
  else if (Array.isArray(holder) && what === 'delete') holder.splice(Number(name), 1);
  else if (Array.isArray(holder)) holder.push(structuredClone(value));
  else if (what === 'add') members[key] = structuredClone(value);
  else {
    const moved = members[name];
    delete members[name];
    if (what === 'rename' && moved !== undefined) members[key] = moved;
  }
  return body;
}

function placesIn(body: Json): { holder: object; name: string }[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, member]) => [{ holder: body, name }, ...placesIn(member)]);
}

describe('declarations mean the same everywhere', () => {
  it.each([...EXAMPLES].map(([bodyClass, example]) => [bodyClass.name, bodyClass, example] as const))(
    '%s',
    (_, bodyClass, example) => {
      const schema = schemaOf(bodyClass);
      expect(validateBody(bodyClass, example)).toBeUndefined();
      fc.assert(
        fc.property(nearValid(example), (body) => {
          const accepted = validateBody(bodyClass, body) === undefined;
          expect({ decorators: obeysDecorators(bodyClass, body) }).toEqual({ decorators: accepted });
          expect({ walk: findViolation(schema, body) === undefined }).toEqual({ walk: accepted });
        }),
        { numRuns: 400 },
      );
    },
  );
});
