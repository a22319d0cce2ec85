import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { IsInt, IsString, IsUUID } from 'class-validator';
import { validateBody, versionedBodies } from './body.js';

class Sound {
  @IsInt()
  readonly n!: number;
}

class Unknown {
  @IsString()
  @IsUUID()
  readonly id!: string;
}

it('lets no class through that cannot be compiled', () => {
  expect(() => versionedBodies({ since: 0, class: Sound }, { since: 1, class: Unknown })).toThrow(
    "Unknown.id: decorator 'isUuid' is not supported",
  );
  expect(() => validateBody(Unknown, { id: 'x' })).toThrow("Unknown.id: decorator 'isUuid' is not supported");
});

it('lets no rows through that do not rise', () => {
  expect(() => versionedBodies({ since: 8, class: Sound }, { since: 8, class: Sound })).toThrow(
    'Sound: rows must rise',
  );
});

it('changes nothing in what it judges', () => {
  const body = { n: 1, extra: { a: [1] } };
  validateBody(Sound, body);
  expect(body).toEqual({ n: 1, extra: { a: [1] } });
});
