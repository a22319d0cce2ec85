import type { Random } from '../support/random.js';
import { Raw, write } from '../support/raw-json.js';

const DEPTH = 100_000;
const LONG = 300_000;

/** Texts that programs have stumbled over. Those with a percent sign are meant for paths and queries, too. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '//',
  '%2f',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%c0%ae',
  '%ed%a0%80',
  '%F0%9F%98%80',
  '%0d%0aX-Injected:%20yes',
  "'; drop table allocations; --",
  "' or '1'='1",
  '$1',
  '{}',
  '[]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'true',
  'NaN',
  '0',
  '-0',
  '-1',
  '1e400',
  '2147483648',
  '9223372036854775808',
  '99999999999999999999999999',
  '0x10',
  '\u0000',
  '\ud800',
  '\ufeff',
  '\u202e',
  'ﬀ',
  '💥',
  'a'.repeat(256),
  'A'.repeat(5_000),
  'é'.repeat(130),
  '00000000000000000000000000000000',
  '{00000000-0000-4000-a000-000000000000}',
  'in:',
  'in:,',
  '!',
  '!in:x',
  ':',
  'VCPU:',
  'VCPU:0',
  'VCPU:-1',
  'VCPU:1,VCPU:2',
  'VCPU:99999999999',
  ',',
  'x,'.repeat(2_000),
];

/** Values of JSON that are of the wrong type, size or sort; made anew each time, because some of them are large. */
const WRONG: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => [],
  () => ({}),
  () => '',
  () => 0,
  () => -1,
  () => 1.5,
  () => new Raw('-0'),
  () => new Raw('1e400'),
  () => new Raw('-1e400'),
  () => new Raw('1e-400'),
  () => new Raw('1E2'),
  () => new Raw('1.0'),
  () => new Raw('2147483648'),
  () => new Raw('9223372036854775808'),
  () => new Raw('9'.repeat(400)),
  () => new Raw('"\\ud800"'),
  () => new Raw('"\\u0000"'),
  () => new Raw('"\\udc00\\ud800"'),
  () => new Raw('{"__proto__":{"polluted":true}}'),
  () => new Raw('{"constructor":{"prototype":{"polluted":true}}}'),
  () => new Raw('{"a":1,"a":2}'),
  () => new Raw('"unterminated'),
  () => new Raw('NaN'),
  () => new Raw('undefined'),
  () => new Raw("'single'"),
  () => new Raw('{,}'),
  () => new Raw('[1,]'),
  () => new Raw(`${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`),
  () => new Raw(`${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`),
  () => new Raw('['.repeat(DEPTH)),
  () => 'x'.repeat(LONG),
  () => Array.from({ length: 20_000 }, (_, index) => index),
  () => Array.from({ length: 500 }, (_, index) => ({ [`k${index}`]: index })),
  () => Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`CUSTOM_${index}`, 1])),
  (random) => random.pick(NASTY),
];

/** Changes of the text of a body: what parsers see first. */
const TEXT_CHANGES: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => bytes.subarray(0, random.between(0, bytes.length)),
  (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes) => Buffer.concat([bytes, Buffer.from('\n\n  \t ')]),
  (bytes) => Buffer.from(bytes.toString(), 'utf16le'),
  (bytes, random) => flip(bytes, random.between(0, bytes.length), 0xff),
  (bytes, random) => flip(bytes, random.between(0, bytes.length), 0x00),
  (bytes, random) => flip(bytes, random.between(0, bytes.length), random.between(0, 255)),
  (bytes, random) => Buffer.concat([bytes, Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, random.between(0x80, 0xff)])]),
  () => Buffer.alloc(0),
  (_, random) => Buffer.from(Array.from({ length: random.between(1, 400) }, () => random.between(0, 255))),
];

/** A body as it goes out: as it was, or with some of it spoiled. */
export function spoilBody(value: unknown, random: Random): Buffer {
  let spoiled = value;
  for (let left = random.pick([0, 0, 1, 1, 1, 2, 4]); left > 0; left -= 1) spoiled = spoilOne(spoiled, random);
  const bytes = Buffer.from(write(spoiled));
  return random.happens(0.1) ? random.pick(TEXT_CHANGES)(bytes, random) : bytes;
}

/** One place in the value, chosen by chance on the way down, becomes wrong, goes, or comes twice. */
function spoilOne(value: unknown, random: Random): unknown {
  const isInner = typeof value === 'object' && value !== null && !(value instanceof Raw);
  if (!isInner || random.happens(0.1)) return random.pick(WRONG)(random);
  if (Array.isArray(value)) return spoilArray(value, random);
  const entries = Object.entries(value);
  if (entries.length === 0) return random.pick(WRONG)(random);
  const at = random.between(0, entries.length - 1);
  const [key = '', member] = entries[at] ?? [];
  switch (random.weighted({ inside: 6, remove: 1, rename: 1, add: 1, twice: 1 })) {
    case 'inside':
      return Object.fromEntries(entries.with(at, [key, spoilOne(member, random)]));
    case 'remove':
      return Object.fromEntries(entries.toSpliced(at, 1));
    case 'rename':
      return Object.fromEntries(entries.with(at, [random.pick(NASTY), member]));
    case 'add':
      return Object.fromEntries([...entries, [random.pick(NASTY), member]]);
    case 'twice': {
      const members = [...entries, [key, random.pick(WRONG)(random)] as const];
      return new Raw(`{${members.map(([name, one]) => `${JSON.stringify(name)}:${write(one)}`).join(',')}}`);
    }
  }
}

function spoilArray(items: readonly unknown[], random: Random): unknown {
  if (items.length === 0) return [random.pick(WRONG)(random)];
  const at = random.between(0, items.length - 1);
  if (random.happens(0.3)) return [...items, items[at]];
  return items.with(at, spoilOne(items[at], random));
}

function flip(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = value;
  return changed;
}
