import type { Random } from '../support/random.js';
import { Raw } from '../support/raw-json.js';

/** Spellings of a uuid that some parser takes for the same one. */
export function respelled(uuid: string, random: Random): string {
  return random.pick([
    uuid.toUpperCase(),
    uuid.replaceAll('-', ''),
    `{${uuid}}`,
    `urn:uuid:${uuid}`,
    `${uuid.slice(0, 8)}${uuid.slice(9)}`,
    `${uuid}x`,
    uuid.slice(1),
    ` ${uuid}`,
    '-'.repeat(36),
    uuid.replace(/^./, 'g'),
  ]);
}

/** A uuid, rarely spelled in another way or of nothing. */
export function uuidLike(uuid: string, random: Random, unknown: () => string): string {
  if (random.happens(0.04)) return respelled(uuid, random);
  return random.happens(0.04) ? unknown() : uuid;
}

export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  'a',
  'x'.repeat(200),
  'x'.repeat(201),
  'A'.repeat(255),
  'A'.repeat(256),
  'CUSTOM_',
  'CUSTOM_a',
  'CUSTOM_Ä',
  'custom_a',
  `CUSTOM_${'A'.repeat(248)}`,
  `CUSTOM_${'A'.repeat(249)}`,
  'ünïcödé 💥',
  '日本語',
  'a/b',
  'a%2Fb',
  '%',
  '100%',
  "o'brien",
  '"quoted"',
  '<b>bold</b>',
  'a<br>b',
  'a&b',
  'a\\b',
  'line\nbreak',
  'tab\there',
  ' VCPU',
  'VCPU ',
  'vcpu',
  'unknown',
  'all',
  'null',
  '0',
];

/** Numbers at and beyond limits, and what only looks like one. */
export const ODD_NUMBERS: readonly unknown[] = [
  0,
  -1,
  1,
  2147483647,
  2147483648,
  -2147483648,
  -2147483649,
  1.5,
  new Raw('1.0'),
  new Raw('2.0'),
  new Raw('10.0'),
  new Raw('1e2'),
  new Raw('1E400'),
  new Raw('-0'),
  new Raw('-0.0'),
  new Raw('0.0'),
  new Raw('9223372036854775807'),
  new Raw('9223372036854775808'),
  new Raw('1000000000000000000000000'),
  new Raw('3.40282e+38'),
  new Raw('3.40283e+38'),
  new Raw('-3.5e38'),
  new Raw('NaN'),
  new Raw('Infinity'),
  new Raw('-Infinity'),
  0.1,
  1e-7,
  1e16,
  '1',
  true,
  false,
  null,
];

/** Anything. */
export const ODD_VALUES: readonly unknown[] = [
  ...ODD_NUMBERS,
  'x',
  '',
  [],
  {},
  [1],
  ['x'],
  [[]],
  [null],
  { x: 1 },
  'unknown',
  'VCPU',
  'x'.repeat(256),
  'ünïcödé',
  new Raw('"\\u0000"'),
  new Raw('"\\ud800"'),
  new Raw('"💥"'),
];
