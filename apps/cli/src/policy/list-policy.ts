import type { EffectiveRule } from '#berth/domain';
import { tableOf } from './policy-table.js';

/** A rule as `--json` shows it. */
export function toListed({ name, text, origin, guards }: EffectiveRule): Record<string, unknown> {
  return { rule: name, text, from: origin, guards };
}

/** Every rule in a table: what it says, where that comes from, and what it decides about. */
export function rulesTable(rules: readonly EffectiveRule[]): string {
  return tableOf(
    ['rule', 'text', 'from', 'decides about'],
    rules.map(({ name, text, origin, guards }) => [
      name,
      text === '' ? "''" : text,
      origin,
      guards.length === 0 ? 'other rules' : guards.join('\n'),
    ]),
  );
}
