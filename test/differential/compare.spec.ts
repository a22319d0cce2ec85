import { describe, expect, it } from '@jest/globals';
import { meet } from './compare.js';
import type { Answer } from './exchange.js';
import { draft, toSent } from './make.js';
import { messageForm } from './normal-form.js';

const GET = toSent(draft('GET', '/resource_providers', [], 39));

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  const all = { 'content-type': 'application/json', 'openstack-api-version': 'placement 1.39', ...headers };
  return {
    status,
    headers: new Map(Object.entries(all)),
    text: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

const differing = (berth: Answer, peer: Answer): string[] => meet(GET, berth, peer).differences.map(({ part }) => part);

const refused = (detail: string, id: string) =>
  answer(400, { errors: [{ status: 400, detail, request_id: id }] }, { 'x-openstack-request-id': id });

describe('two answers', () => {
  it('are the same but for order, ids, times and hosts', () => {
    const berth = answer(200, { traits: ['A', 'B'], a: 1 }, { 'last-modified': 'Sat, 21 Nov 2026 01:45:16 GMT' });
    const peer = answer(200, '{"a": 1, "traits": ["B", "A"]}', { 'last-modified': 'Sun, 22 Nov 2026 11:05:00 GMT' });
    expect(differing(berth, peer)).toEqual([]);
    expect(differing(refused('x', 'req-1'), refused('x', 'req-2'))).toEqual([]);
    const at = (host: string) => answer(201, '', { location: `http://${host}/traits/CUSTOM_A` });
    expect(differing(at('a:1'), at('b:2'))).toEqual([]);
  });

  it.each<[string, Answer, Answer, string[]]>([
    ['status', answer(200, {}), answer(404, {}), ['status']],
    ['a header', answer(200, {}, { allow: 'GET' }), answer(200, {}), ['header allow']],
    [
      'a path',
      answer(201, '', { location: 'http://a/x' }),
      answer(201, '', { location: 'http://a/y' }),
      ['header location'],
    ],
    ['a value', answer(200, { a: [1] }), answer(200, { a: [2] }), ['body']],
    ['how often', answer(200, { a: [1, 1] }), answer(200, { a: [1] }), ['body']],
    ['the order of links', answer(200, { links: [1, 2] }), answer(200, { links: [2, 1] }), ['body']],
    ['a float', answer(200, '{"allocation_ratio": 1.0}'), answer(200, '{"allocation_ratio": 1}'), ['body']],
    ['a message', refused('x', 'req-1'), refused('y', 'req-1'), ['body']],
    [
      'a date',
      answer(200, {}, { 'last-modified': '2026-11-21' }),
      answer(200, {}, { 'last-modified': 'Sat, 21 Nov 2026 01:45:16 GMT' }),
      ['header last-modified'],
    ],
  ])('differ in %s', (_, berth, peer, parts) => {
    expect(differing(berth, peer)).toEqual(parts);
  });

  it('differ in an error whose id is not that of the header', () => {
    const other = answer(
      400,
      { errors: [{ detail: 'x', request_id: 'req-3' }] },
      { 'x-openstack-request-id': 'req-4' },
    );
    expect(differing(refused('x', 'req-3'), other)).toEqual(['body']);
  });
});

describe('a message', () => {
  it.each([
    ['Malformed JSON: Expecting value: line 1', 'Malformed JSON: Unexpected token'],
    [
      "5 is not of type 'object'  Failed validating 'type' in schema['a']:     {'type': 'object'}  On instance:     5",
      "5 is not of type 'object'  Failed validating 'type' in schema['a']:     {'x'}",
    ],
    ['No such trait A, B', 'No such trait B, A'],
    [
      "Unable to allocate inventory: Inventory for 'A, B' on resource provider 'x' invalid.",
      "Unable to allocate inventory: Inventory for 'B, A' on resource provider 'x' invalid.",
    ],
    ['{} does not have enough properties  Failed', '{} should be non-empty  Failed'],
  ])('%j may read %j', (one, other) => {
    expect(messageForm(one)).toBe(messageForm(other));
  });

  it.each([
    [
      "update conflict: Inventory for 'A, B' on resource provider 'x' in use.",
      "update conflict: Inventory for 'B, A' on resource provider 'x' in use.",
    ],
    ["Failed validating 'type' in schema['a']:     {}", "Failed validating 'type' in schema['b']:     {}"],
    ['consumer generation conflict - expected 1 but got 2', 'consumer generation conflict - expected 1 but got 3'],
  ])('%j may not read %j', (one, other) => {
    expect(messageForm(one)).not.toBe(messageForm(other));
  });
});
