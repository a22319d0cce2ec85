import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { PostInventoryBody, PutInventoriesBody, PutInventoryBody } from './inventories.dto.js';

const FULL = { total: 2147483647, reserved: 0, min_unit: 1, max_unit: 10.0, step_size: 1, allocation_ratio: -0.5 };

describe('inventory bodies (spec inventories.md §1, §4, §5, §8)', () => {
  it.each([
    [PostInventoryBody, { resource_class: 'VCPU', total: 1 }],
    [PostInventoryBody, { resource_class: 'CUSTOM_A', ...FULL, resource_provider_generation: -7 }],
    [PostInventoryBody, { resource_class: 'VCPU', total: 1, allocation_ratio: 3.40282e38 }],
    [PutInventoryBody, { resource_provider_generation: 0, ...FULL }],
    [PutInventoriesBody, { resource_provider_generation: 0, inventories: {} }],
    [
      PutInventoriesBody,
      { resource_provider_generation: 0, inventories: { VCPU: { ...FULL, resource_provider_generation: 9 } } },
    ],
    // A key that can be no class passes with a sound record: the answer is that there is no such class.
    [PutInventoriesBody, { resource_provider_generation: 0, inventories: { house: { total: 1 } } }],
  ])('%p accepts %j', (bodyClass, body) => {
    expect(validateBody(bodyClass, body)).toBeUndefined();
  });

  it.each([
    [{ total: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ total: 2147483648 }, '2147483648 is greater than the maximum of 2147483647', 'maximum'],
    [{ total: '1' }, "'1' is not of type 'integer'", 'type'],
    [{ reserved: -1 }, '-1 is less than the minimum of 0', 'minimum'],
    [{ reserved: 2147483648 }, '2147483648 is greater than the maximum of 2147483647', 'maximum'],
    [{ min_unit: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ min_unit: null }, "None is not of type 'integer'", 'type'],
    [{ max_unit: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ step_size: 0 }, '0 is less than the minimum of 1', 'minimum'],
    [{ step_size: 1.5 }, "1.5 is not of type 'integer'", 'type'],
    [{ allocation_ratio: 3.5e38 }, '3.5e+38 is greater than the maximum of 3.40282e+38', 'maximum'],
    [{ allocation_ratio: true }, "True is not of type 'number'", 'type'],
    [{ resource_provider_generation: 'x' }, "'x' is not of type 'integer'", 'type'],
    [{ resource_class: 'vcpu' }, "'vcpu' does not match '^[A-Z0-9_]+$'", 'pattern'],
    [{ resource_class: 5 }, "5 is not of type 'string'", 'type'],
  ])('POST refuses %j and names the field', (change, short, keyword) => {
    const text = validateBody(PostInventoryBody, { resource_class: 'VCPU', total: 1, ...change });
    const head = `${short}  Failed validating '${keyword}' in schema['properties']['${Object.keys(change)[0]}']:`;
    expect(text?.slice(0, head.length)).toBe(head);
  });

  it.each([
    [PostInventoryBody, { resource_class: 'VCPU' }, "'total' is a required property"],
    [PostInventoryBody, { total: 1 }, "'resource_class' is a required property"],
    [
      PostInventoryBody,
      { total: 1, resource_class: 'VCPU', used: 0 },
      "Additional properties are not allowed ('used' was",
    ],
    [PutInventoryBody, { total: 1 }, "'resource_provider_generation' is a required property"],
    [PutInventoryBody, { total: 1, resource_provider_generation: 0, resource_class: 'VCPU' }, 'Additional properties'],
    [PutInventoriesBody, { inventories: {} }, "'resource_provider_generation' is a required property"],
    [PutInventoriesBody, { resource_provider_generation: 0 }, "'inventories' is a required property"],
    [PutInventoriesBody, { resource_provider_generation: null, inventories: {} }, "None is not of type 'integer'"],
    [PutInventoriesBody, { resource_provider_generation: 0, inventories: [] }, "[] is not of type 'object'"],
    [
      PutInventoriesBody,
      { resource_provider_generation: 0, inventories: { VCPU: {} } },
      "'total' is a required property",
    ],
    [PutInventoriesBody, { resource_provider_generation: 0, inventories: { house: 5 } }, "5 is not of type 'object'"],
    [
      PutInventoriesBody,
      { resource_provider_generation: 0, inventories: { VCPU: { total: 1, resource_class: 'VCPU' } } },
      "Additional properties are not allowed ('resource_class' was unexpected)",
    ],
  ])('%p refuses %j', (bodyClass, body, short) => {
    expect(validateBody(bodyClass, body)?.slice(0, short.length)).toBe(short);
  });
});
