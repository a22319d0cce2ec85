import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../support/project.js';
import { meet } from './compare.js';
import type { Answer } from './exchange.js';
import { KNOWN, knownOf } from './known.js';
import { draft, toSent } from './make.js';

describe('the known differences', () => {
  it('are those that the page lists', () => {
    const page = readFileSync(join(PROJECT, 'docs/differential.md'), 'utf8');
    const rows = page.match(/^\| `[a-z0-9-]+` \| [a-z_]+\.md.*$/gm) ?? [];
    expect(rows).toEqual(KNOWN.map(({ id, section, what }) => `| \`${id}\` | ${section} | ${what} |`));
  });

  const answer = (status: number, headers: Record<string, string> = {}): Answer => {
    return { status, headers: new Map(Object.entries(headers)), text: '' };
  };
  const sent = toSent(draft('GET', '/resource_providers', [], 39));

  it('explain a meeting as a whole, and not a part of it', () => {
    const left = answer(404, { vary: 'openstack-api-version' });
    expect(knownOf(meet(sent, left, answer(404)))?.id).toBe('vary');
    expect(knownOf(meet(sent, left, answer(404, { allow: 'GET' })))).toBeUndefined();
    expect(knownOf(meet(sent, answer(200), answer(404)))).toBeUndefined();
  });

  it('never excuse Berth for failing', () => {
    expect(knownOf(meet(sent, answer(200), answer(500)))?.id).toBe('failed');
    expect(knownOf(meet(sent, answer(500), answer(200)))).toBeUndefined();
  });
});
