import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { PutProviderTraitsBody } from './traits.dto.js';

describe('PutProviderTraitsBody (spec traits.md §2)', () => {
  it.each([
    [{ traits: [], resource_provider_generation: 0 }],
    [{ traits: ['CUSTOM_A', 'CUSTOM_A', 'any name'], resource_provider_generation: 3 }],
    [{ traits: ['A'.repeat(255)], resource_provider_generation: 3 }],
  ])('accepts %j', (body) => {
    expect(validateBody(PutProviderTraitsBody, body)).toBeUndefined();
  });

  it.each([
    [{ traits: [] }, "'resource_provider_generation' is a required property"],
    [{ resource_provider_generation: 0 }, "'traits' is a required property"],
    [{ traits: 'CUSTOM_A', resource_provider_generation: 0 }, "'CUSTOM_A' is not of type 'array'"],
    [{ traits: [''], resource_provider_generation: 0 }, "'' is too short  Failed validating 'minLength'"],
    [{ traits: ['A'.repeat(256)], resource_provider_generation: 0 }, `'${'A'.repeat(256)}' is too long`],
    [{ traits: [{}], resource_provider_generation: 0 }, "{} is not of type 'string'"],
    [{ traits: [], resource_provider_generation: '0' }, "'0' is not of type 'integer'"],
    [
      { traits: [], resource_provider_generation: 0, x: 1 },
      "Additional properties are not allowed ('x' was unexpected)",
    ],
  ])('refuses %j', (body, short) => {
    expect(validateBody(PutProviderTraitsBody, body)?.slice(0, short.length)).toBe(short);
  });
});
