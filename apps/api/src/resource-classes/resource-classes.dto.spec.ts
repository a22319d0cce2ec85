import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateBody } from '../http/schema/index.js';
import { PostResourceClassBody, PutResourceClassBody } from './resource-classes.dto.js';

describe.each([[PostResourceClassBody], [PutResourceClassBody]])('%p (spec resource_classes.md)', (bodyClass) => {
  it.each([['CUSTOM_A'], ['CUSTOM__'], [`CUSTOM_${'A'.repeat(248)}`]])('accepts %s', (name) => {
    expect(validateBody(bodyClass, { name })).toBeUndefined();
  });

  it.each([
    [
      { name: 'VCPU' },
      "'VCPU' does not match '^CUSTOM_[A-Z0-9_]+$'  Failed validating 'pattern' in schema['properties']['name']:",
    ],
    [{ name: 'CUSTOM_' }, "'CUSTOM_' does not match '^CUSTOM_[A-Z0-9_]+$'  Failed validating 'pattern'"],
    [{ name: 'CUSTOM_a' }, "'CUSTOM_a' does not match '^CUSTOM_[A-Z0-9_]+$'  Failed validating 'pattern'"],
    [{ name: 'CUSTOM_A\n' }, "'CUSTOM_A\\n' does not match '^CUSTOM_[A-Z0-9_]+$'  Failed validating 'pattern'"],
    [{ name: `CUSTOM_${'A'.repeat(249)}` }, `'CUSTOM_${'A'.repeat(249)}' is too long  Failed validating 'maxLength'`],
    [{ name: 5 }, "5 is not of type 'string'  Failed validating 'type'"],
    [{}, "'name' is a required property  Failed validating 'required'"],
    [{ name: 'CUSTOM_A', id: 1 }, "Additional properties are not allowed ('id' was unexpected)"],
  ])('refuses %j', (body, short) => {
    expect(validateBody(bodyClass, body)?.slice(0, short.length)).toBe(short);
  });
});
