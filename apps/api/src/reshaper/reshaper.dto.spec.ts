import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { PostReshaperBodyV1_30, PostReshaperBodyV1_34, PostReshaperBodyV1_38 } from './reshaper.dto.js';

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';
const INVENTORIES = { [UUID]: { resource_provider_generation: 5, inventories: { VCPU: { total: 4, reserved: 4 } } } };
const EMPTIED = { [UUID]: { resource_provider_generation: 5, inventories: {} } };
const CONSUMER = { allocations: {}, project_id: 'p', user_id: 'u', consumer_generation: null };
const MAPPED = { ...CONSUMER, mappings: { _A: [UUID] } };

describe('reshaper bodies (spec reshaper.md §1)', () => {
  it.each([
    [PostReshaperBodyV1_30, { inventories: EMPTIED, allocations: {} }],
    [PostReshaperBodyV1_30, { inventories: INVENTORIES, allocations: { [UUID]: CONSUMER } }],
    [PostReshaperBodyV1_34, { inventories: INVENTORIES, allocations: { [UUID]: MAPPED } }],
    [PostReshaperBodyV1_38, { inventories: INVENTORIES, allocations: { [UUID]: { ...MAPPED, consumer_type: 'A' } } }],
  ])('%p accepts %j', (bodyClass, body) => {
    expect(validateBody(bodyClass, body)).toBeUndefined();
  });

  it.each([
    [PostReshaperBodyV1_30, { allocations: {} }, "'inventories' is a required property"],
    [PostReshaperBodyV1_30, { inventories: EMPTIED }, "'allocations' is a required property"],
    [PostReshaperBodyV1_30, { inventories: {}, allocations: {} }, '{} does not have enough properties'],
    [PostReshaperBodyV1_30, { inventories: EMPTIED, allocations: {}, x: 1 }, 'Additional properties are not allowed'],
    [PostReshaperBodyV1_30, { inventories: { x: {} }, allocations: {} }, "'x' does not match any of the regexes"],
    [
      PostReshaperBodyV1_30,
      { inventories: { [UUID]: {} }, allocations: {} },
      "'resource_provider_generation' is a req",
    ],
    [
      PostReshaperBodyV1_30,
      { inventories: EMPTIED, allocations: { [UUID]: MAPPED } },
      "Additional properties are not allowed ('mappings' was unexpected)",
    ],
    [
      PostReshaperBodyV1_34,
      { inventories: EMPTIED, allocations: { [UUID]: { ...CONSUMER, consumer_type: 'A' } } },
      "Additional properties are not allowed ('consumer_type' was unexpected)",
    ],
    [
      PostReshaperBodyV1_38,
      { inventories: EMPTIED, allocations: { [UUID]: CONSUMER } },
      "'consumer_type' is a required",
    ],
  ])('%p refuses %j', (bodyClass, body, short) => {
    expect(validateBody(bodyClass, body)?.slice(0, short.length)).toBe(short);
  });
});
