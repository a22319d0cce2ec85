import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import {
  POST_PROVIDER_BODIES,
  PostProviderBody,
  PostProviderBodyV1_14,
  PUT_PROVIDER_BODIES,
  PutProviderBody,
  PutProviderBodyV1_14,
} from './resource-providers.dto.js';

const UUID = '4e05a85b-0a0f-4c1a-9e0e-1d2a3b4c5d6e';

describe('provider bodies (spec resource_providers.md §2, §4)', () => {
  it.each([
    [PostProviderBody, { name: 'cn1' }],
    [PostProviderBody, { name: '', uuid: UUID.toUpperCase() }],
    [PostProviderBody, { name: '😀'.repeat(200), uuid: `urn:uuid:${UUID}` }],
    [PostProviderBodyV1_14, { name: 'cn1' }],
    [PostProviderBodyV1_14, { name: 'cn1', uuid: UUID, parent_provider_uuid: null }],
    [PostProviderBodyV1_14, { name: 'cn1', parent_provider_uuid: UUID.replaceAll('-', '') }],
    [PutProviderBody, { name: '' }],
    [PutProviderBodyV1_14, { name: 'cn1' }],
    [PutProviderBodyV1_14, { name: 'cn1', parent_provider_uuid: null }],
    [PutProviderBodyV1_14, { name: 'cn1', parent_provider_uuid: UUID }],
  ])('%p accepts %j', (bodyClass, body) => {
    expect(validateBody(bodyClass, body)).toBeUndefined();
  });

  it.each([
    [PostProviderBody, {}, "'name' is a required property", 'required', ''],
    [PostProviderBody, [], "[] is not of type 'object'", 'type', ''],
    [PostProviderBody, { name: 5 }, "5 is not of type 'string'", 'type', "['properties']['name']"],
    [
      PostProviderBody,
      { name: 'a'.repeat(201) },
      `'${'a'.repeat(201)}' is too long`,
      'maxLength',
      "['properties']['name']",
    ],
    [PostProviderBody, { name: 'a', uuid: 'x' }, "'x' is not a 'uuid'", 'format', "['properties']['uuid']"],
    [PostProviderBody, { name: 'a', uuid: null }, "None is not of type 'string'", 'type', "['properties']['uuid']"],
    [
      PostProviderBody,
      { name: 'a', parent_provider_uuid: UUID },
      "Additional properties are not allowed ('parent_provider_uuid' was unexpected)",
      'additionalProperties',
      '',
    ],
    [
      PostProviderBodyV1_14,
      { name: 'a', parent_provider_uuid: 5 },
      '5 is not valid under any of the given schemas',
      'anyOf',
      "['properties']['parent_provider_uuid']",
    ],
    [PostProviderBodyV1_14, { name: 'a', parent_provider_uuid: 'x' }, "'x' is not a 'uuid'", 'format', '[0]'],
    [
      PutProviderBody,
      { name: 'a', uuid: UUID },
      "Additional properties are not allowed ('uuid' was unexpected)",
      'additionalProperties',
      '',
    ],
    [PutProviderBodyV1_14, { parent_provider_uuid: null }, "'name' is a required property", 'required', ''],
    [
      PutProviderBodyV1_14,
      { name: 'a', uuid: UUID, root_provider_uuid: UUID },
      "Additional properties are not allowed ('root_provider_uuid', 'uuid' were unexpected)",
      'additionalProperties',
      '',
    ],
  ])('%p refuses %j', (bodyClass, body, short, keyword, path) => {
    const head = `${short}  Failed validating '${keyword}' in schema${path}:`;
    expect(validateBody(bodyClass, body)?.slice(0, head.length)).toBe(head);
  });

  it('lists its versions', () => {
    expect(POST_PROVIDER_BODIES.map(({ since }) => since)).toEqual([0, 14]);
    expect(PUT_PROVIDER_BODIES.map(({ since }) => since)).toEqual([0, 14]);
  });
});
