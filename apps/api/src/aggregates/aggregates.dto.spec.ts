import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { PUT_AGGREGATES_BODIES, PutAggregatesBody, PutAggregatesBodyV1_19 } from './aggregates.dto.js';

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';

describe('aggregates bodies (spec aggregates.md)', () => {
  it.each([
    [PutAggregatesBody, []],
    // Two spellings are two aggregates.
    [PutAggregatesBody, [UUID, UUID.toUpperCase(), UUID.replaceAll('-', '')]],
    [PutAggregatesBodyV1_19, { aggregates: [], resource_provider_generation: 0 }],
    [PutAggregatesBodyV1_19, { aggregates: [UUID], resource_provider_generation: 5 }],
  ])('%p accepts %j', (bodyClass, body) => {
    expect(validateBody(bodyClass, body)).toBeUndefined();
  });

  it.each([
    [PutAggregatesBody, { aggregates: [UUID], resource_provider_generation: 0 }, "is not of type 'array'", ''],
    [PutAggregatesBody, [UUID, UUID], 'has non-unique elements', ''],
    [PutAggregatesBody, ['x'], "'x' is not a 'uuid'", "['items']"],
    [PutAggregatesBody, [5], "5 is not of type 'string'", "['items']"],
    [PutAggregatesBodyV1_19, [UUID], "is not of type 'object'", ''],
    [PutAggregatesBodyV1_19, { aggregates: [UUID] }, "'resource_provider_generation' is a required property", ''],
    [PutAggregatesBodyV1_19, { resource_provider_generation: 1 }, "'aggregates' is a required property", ''],
    [
      PutAggregatesBodyV1_19,
      { aggregates: [UUID, UUID], resource_provider_generation: 1 },
      `['${UUID}', '${UUID}'] has non-unique elements`,
      "['properties']['aggregates']",
    ],
    [
      PutAggregatesBodyV1_19,
      { aggregates: [], resource_provider_generation: 1, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
      '',
    ],
  ])('%p refuses %j', (bodyClass, body, short, path) => {
    const text = validateBody(bodyClass, body);
    expect(text).toContain(`${short}  Failed validating '`);
    expect(text).toContain(`' in schema${path}:  `);
  });

  it('lists its versions', () => {
    expect(PUT_AGGREGATES_BODIES.map(({ since }) => since)).toEqual([1, 19]);
  });
});
