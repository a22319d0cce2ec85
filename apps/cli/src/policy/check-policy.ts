import { nearestName, type Policy, type PolicyCaller, type PolicyTarget } from '#berth/domain';
import { Refusal } from '../refusal.js';
import { tableOf } from './policy-table.js';

/** What a policy says to one caller. */
export interface Decision {
  readonly rule: string;
  readonly allowed: boolean;
  readonly guards: readonly string[];
}

/** `key=value` pairs as a target. Throws a `Refusal`. */
export function toTarget(pairs: readonly string[]): PolicyTarget {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Refusal(`--target '${pair}', expected key=value, such as project_id=7d1f`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/**
 * Decides as the service would: rules that ask for a project see the target given, all others the caller's own. Alone asked
 * for, a rule that only serves others sees the target given. Throws a `Refusal` if there is no such rule.
 */
export function checkRules(
  { rules, allows }: Policy,
  caller: PolicyCaller,
  target: PolicyTarget,
  only: string | undefined,
  known: readonly string[],
): Decision[] {
  const own = { project_id: caller.project, user_id: caller.user };
  const asked = rules.filter(({ name, guards }) => (only === undefined ? guards.length > 0 : name === only));
  if (asked.length === 0 && only !== undefined) {
    throw new Refusal(`--rule ${only}: there is no such rule; the nearest is ${nearestName(only, known)}`);
  }
  return asked.map(({ name, guards, asksForProject }) => {
    const seesOwn = guards.length > 0 && !asksForProject;
    return { rule: name, allowed: allows(name, caller, seesOwn ? own : target), guards };
  });
}

/** The decisions in a table. */
export function decisionsTable(decisions: readonly Decision[]): string {
  return tableOf(
    ['rule', 'decision', 'decides about'],
    decisions.map(({ rule, allowed, guards }) => [rule, allowed ? 'allowed' : 'denied', guards.join('\n')]),
  );
}
