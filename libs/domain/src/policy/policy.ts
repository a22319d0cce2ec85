import assert from 'node:assert';
import {
  compilePolicy,
  findRuleCycle,
  POLICY_ATTRIBUTES,
  POLICY_TARGET_KEYS,
  referencesOf,
  resolveRule,
} from './compile-policy.js';
import type { PolicyCaller, PolicyTarget } from './compile-policy.js';
import { KNOWN_RULES, type PolicyDefaults } from './known-rules.js';
import { nearestName } from './nearest-name.js';
import { parsePolicyCheck, type PolicyCheck, type PolicyTemplate } from './policy-check.js';

/** A rule that a policy file sets. */
export interface WrittenRule {
  readonly name: string;
  /** Text or lists, as it came; judged here. */
  readonly value: unknown;
  /** From 1. */
  readonly line: number;
}

/** What is wrong with a rule of a file; `text` says what was expected. */
export interface PolicyProblem {
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

/** A rule that holds, and where it comes from. */
export interface EffectiveRule {
  readonly name: string;
  readonly text: string;
  readonly origin: 'default' | 'file';
  readonly guards: readonly string[];
  readonly asksForProject: boolean;
}

/** Rules that were read, fit together, and are ready to be asked. */
export interface Policy {
  readonly rules: readonly EffectiveRule[];
  /** What holds but is hardly meant: checks that nobody can pass. */
  readonly warnings: readonly PolicyProblem[];
  /** Whether a rule allows it. The rule has to be there; scope is none of its business. */
  allows(rule: string, caller: PolicyCaller, target: PolicyTarget): boolean;
}

export type MadePolicy =
  | { readonly status: 'made'; readonly policy: Policy }
  | { readonly status: 'refused'; readonly problems: readonly PolicyProblem[] };

/** Names that belong to Berth: one of them that it does not know is a typing error, not a rule for others to refer to. */
const OWN_NAME = /^(?:placement|berth):/;

/**
 * The defaults with what a file changes. Refused, with all that is wrong, if a rule cannot be read, has a name of Berth's that
 * Berth does not know, or leads back to itself.
 */
export function makePolicy(defaults: PolicyDefaults, written: readonly WrittenRule[] = []): MadePolicy {
  const checks = new Map<string, PolicyCheck>();
  const problems: PolicyProblem[] = [];
  for (const { name, text } of KNOWN_RULES) checks.set(name, understood(text[defaults]));
  for (const { name, value, line } of written) {
    const problem = nameProblem(name);
    if (problem !== undefined) problems.push({ line, rule: name, text: problem });
    const parsed = parsePolicyCheck(value);
    if (parsed.status === 'parsed') checks.set(name, parsed.check);
    else problems.push({ line, rule: name, text: parsed.problem });
  }
  if (problems.length > 0) return { status: 'refused', problems };
  const cycle = findRuleCycle(checks);
  if (cycle !== undefined) return { status: 'refused', problems: [cycleProblem(cycle, written)] };
  const judges = compilePolicy(checks);
  return {
    status: 'made',
    policy: {
      rules: effectiveRules(defaults, written),
      warnings: written.flatMap((rule) => warningsOf(rule, checks)),
      allows: (rule, caller, target) => {
        const judge = judges.get(rule);
        assert(judge !== undefined, `the policy has no rule ${rule}: it is missing in KNOWN_RULES`);
        return judge(caller, target);
      },
    },
  };
}

function understood(text: string): PolicyCheck {
  const parsed = parsePolicyCheck(text);
  assert(parsed.status === 'parsed', `the default '${text}' can't be read`);
  return parsed.check;
}

function nameProblem(name: string): string | undefined {
  if (!OWN_NAME.test(name) || KNOWN_RULES.some((known) => known.name === name)) return undefined;
  const names = KNOWN_RULES.map((known) => known.name);
  return `there is no such rule; the nearest is ${nearestName(name, names)}`;
}

function cycleProblem(cycle: readonly string[], written: readonly WrittenRule[]): PolicyProblem {
  const first = written.find(({ name }) => cycle.includes(name));
  const rule = first?.name ?? cycle[0] ?? '';
  const begin = cycle.indexOf(rule);
  const way = [...cycle.slice(begin, -1), ...cycle.slice(0, begin), rule];
  return { line: first?.line ?? 1, rule, text: `leads back to itself: ${way.join(' → ')}` };
}

function effectiveRules(defaults: PolicyDefaults, written: readonly WrittenRule[]): EffectiveRule[] {
  const byName = new Map(written.map((rule) => [rule.name, rule]));
  const known = KNOWN_RULES.map(({ name, text, guards, asksForProject }): EffectiveRule => {
    const own = byName.get(name);
    const origin = own === undefined ? 'default' : 'file';
    return { name, text: own === undefined ? text[defaults] : shown(own.value), origin, guards, asksForProject };
  });
  const added = written
    .filter(({ name }) => !KNOWN_RULES.some((rule) => rule.name === name))
    .map(({ name, value }): EffectiveRule => ({
      name,
      text: shown(value),
      origin: 'file',
      guards: [],
      asksForProject: false,
    }));
  return [...known, ...added];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a file says that can never be true. A rule so written refuses, which is safe, but surprises. */
function warningsOf({ name, value, line }: WrittenRule, checks: ReadonlyMap<string, PolicyCheck>): PolicyProblem[] {
  const check = checks.get(name);
  if (check === undefined) return [];
  const warn = (text: string): PolicyProblem => ({ line, rule: name, text });
  const unknown = [...new Set(referencesOf(check))].flatMap((reference) => {
    const meant = resolveRule(checks, reference);
    if (meant === reference) return [];
    const instead = meant === undefined ? 'it refuses everyone' : `the rule ${meant} holds instead`;
    return [warn(`rule:${reference} names no rule: ${instead}`)];
  });
  const attributes = [...new Set(comparisonsOf(check).flatMap(({ attribute }) => attribute ?? []))]
    .filter((attribute) => !POLICY_ATTRIBUTES.includes(attribute))
    .map((attribute) => warn(`no caller has ${attribute}: expected ${POLICY_ATTRIBUTES.join(', ')}`));
  const keys = [...new Set(comparisonsOf(check).flatMap(({ value: template }) => keysOf(template)))]
    .filter((key) => !POLICY_TARGET_KEYS.includes(key))
    .map((key) => warn(`no target has ${key}: expected ${POLICY_TARGET_KEYS.join(', ')}`));
  const shouted = value === '' ? [warn('empty text allows everyone; "@" would say so')] : [];
  return [...unknown, ...attributes, ...keys, ...shouted];
}

interface Comparison {
  readonly attribute?: string;
  readonly value: PolicyTemplate;
}

function comparisonsOf(check: PolicyCheck): Comparison[] {
  switch (check.kind) {
    case 'role':
      return [{ value: check.role }];
    case 'attribute':
    case 'literal':
      return [check];
    case 'not':
      return comparisonsOf(check.check);
    case 'and':
    case 'or':
      return check.checks.flatMap(comparisonsOf);
    case 'allow':
    case 'deny':
    case 'rule':
      return [];
  }
}

function keysOf(template: PolicyTemplate): string[] {
  return template.flatMap((part) => (typeof part === 'string' ? [] : [part.key]));
}
