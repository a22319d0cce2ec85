import type { PolicyCheck, PolicyTemplate } from './policy-check.js';

/** Who asks, as far as rules can see. Roles are in lower case: they compare so. */
export interface PolicyCaller {
  readonly user: string;
  readonly project: string | undefined;
  readonly roles: ReadonlySet<string>;
}

/** What is asked for, by the keys that rules name as `%(key)s`; one that is absent equals nothing. */
export type PolicyTarget = Readonly<Record<string, string | undefined>>;

/** A rule, ready to be asked. */
export type PolicyJudge = (caller: PolicyCaller, target: PolicyTarget) => boolean;

type Attribute = (caller: PolicyCaller, wanted: string) => boolean;

/**
 * What of a caller a rule may compare. A caller without a project equals no text, not even `None`: otherwise two that have
 * none would count as being in the same one.
 */
const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['user_id', ({ user }, wanted) => user === wanted],
  ['project_id', ({ project }, wanted) => project === wanted],
  ['roles', ({ roles }, wanted) => roles.has(wanted)],
  ['is_admin', ({ roles }, wanted) => (roles.has('admin') ? 'True' : 'False') === wanted],
]);

/** The attributes that a caller can have; others are compared with nothing, and a check of them is refused to everyone. */
export const POLICY_ATTRIBUTES: readonly string[] = [...ATTRIBUTES.keys()];

/** What a target can have. */
export const POLICY_TARGET_KEYS: readonly string[] = ['project_id', 'user_id'];

/** The rule that `rule:<name>` means: that one, else the one called `default`, else none. */
export function resolveRule(rules: ReadonlyMap<string, unknown>, name: string): string | undefined {
  if (rules.has(name)) return name;
  return rules.has('default') ? 'default' : undefined;
}

/** Names of rules that a check refers to, as they are written. */
export function referencesOf(check: PolicyCheck): string[] {
  if (check.kind === 'rule') return [check.name];
  if (check.kind === 'not') return referencesOf(check.check);
  return check.kind === 'and' || check.kind === 'or' ? check.checks.flatMap(referencesOf) : [];
}

/** A way from a rule to itself, its name at both ends; undefined: there is none. */
export function findRuleCycle(rules: ReadonlyMap<string, PolicyCheck>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    const check = rules.get(name);
    if (done.has(name) || check === undefined) return undefined;
    for (const reference of referencesOf(check)) {
      const next = resolveRule(rules, reference);
      const cycle = next === undefined ? undefined : visit(next, [...way, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of rules.keys()) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/**
 * Makes a function of each rule, once: asking it costs no look-up of names and no reading of text. The rules must have no
 * cycle.
 */
export function compilePolicy(rules: ReadonlyMap<string, PolicyCheck>): ReadonlyMap<string, PolicyJudge> {
  const judges = new Map<string, PolicyJudge>();
  const judgeOf = (written: string): PolicyJudge => {
    const name = resolveRule(rules, written);
    const check = name === undefined ? undefined : rules.get(name);
    if (name === undefined || check === undefined) return nobody;
    const known = judges.get(name);
    if (known !== undefined) return known;
    const made = compile(check, judgeOf);
    judges.set(name, made);
    return made;
  };
  for (const name of rules.keys()) judgeOf(name);
  return judges;
}

const everyone: PolicyJudge = () => true;
const nobody: PolicyJudge = () => false;

function compile(check: PolicyCheck, judgeOf: (name: string) => PolicyJudge): PolicyJudge {
  switch (check.kind) {
    case 'allow':
      return everyone;
    case 'deny':
      return nobody;
    case 'rule':
      return judgeOf(check.name);
    case 'role':
      return compareRole(check.role);
    case 'literal':
      return compareWith(check.value, (_caller, wanted) => wanted === check.literal);
    case 'attribute': {
      const attribute = ATTRIBUTES.get(check.attribute);
      return attribute === undefined ? nobody : compareWith(check.value, attribute);
    }
    case 'not': {
      const inner = compile(check.check, judgeOf);
      return (caller, target) => !inner(caller, target);
    }
    case 'and':
      return check.checks
        .map((part) => compile(part, judgeOf))
        .reduce((first, then) => (caller, target) => first(caller, target) && then(caller, target));
    case 'or':
      return check.checks
        .map((part) => compile(part, judgeOf))
        .reduce((first, then) => (caller, target) => first(caller, target) || then(caller, target));
  }
}

function compareRole(role: PolicyTemplate): PolicyJudge {
  return compareWith(lowered(role), ({ roles }, wanted) => roles.has(wanted), true);
}

/** Only what is written; what the target brings is lowered when it comes. */
function lowered(template: PolicyTemplate): PolicyTemplate {
  return template.map((part) => (typeof part === 'string' ? part.toLowerCase() : part));
}

/** A check of text that may come from the target; false where the target does not have what is named. */
function compareWith(template: PolicyTemplate, equals: Attribute, lower = false): PolicyJudge {
  const keys = template.flatMap((part) => (typeof part === 'string' ? [] : [part.key]));
  if (keys.length === 0) {
    const text = template.join('');
    return (caller) => equals(caller, text);
  }
  const [key] = keys;
  if (key !== undefined && template.length === 1 && !lower) {
    return (caller, target) => {
      const wanted = target[key];
      return wanted !== undefined && equals(caller, wanted);
    };
  }
  return (caller, target) => {
    if (keys.some((name) => target[name] === undefined)) return false;
    const text = template.map((part) => (typeof part === 'string' ? part : target[part.key])).join('');
    return equals(caller, lower ? text.toLowerCase() : text);
  };
}
