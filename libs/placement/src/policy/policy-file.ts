import { readFileSync, statSync } from 'node:fs';
import { makePolicy, type Policy, type PolicyDefaults, type WrittenRule } from '#berth/domain';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Scalar,
  type YAMLError,
} from 'yaml';

/** A policy file that can't be used. The message is one line: the file, the line, the rule, and what was expected. */
export class PolicyFileError extends Error {
  /** All that is wrong, a line each; the message tells the first. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const others = problems.length - 1;
    const more = others === 0 ? '' : `; and ${others} more: berth policy check tells them`;
    super(`${problems[0] ?? 'not readable'}${more}`);
    this.problems = problems;
  }
}

/** A policy has some hundred rules; what is larger than this is another file. */
const MAX_BYTES = 1_048_576;

/** The policy that a file makes of the defaults. Throws PolicyFileError. Source: docs/policy.md. */
export function readPolicyFile(path: string, defaults: PolicyDefaults): Policy {
  const made = makePolicy(defaults, readRules(path, textOf(path)));
  if (made.status === 'made') return made.policy;
  throw new PolicyFileError(made.problems.map(({ line, rule, text }) => `${path}:${line}: rule '${rule}': ${text}`));
}

function textOf(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new PolicyFileError([`${path}: ${size} bytes, expected at most ${MAX_BYTES}`]);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof PolicyFileError) throw error;
    throw new PolicyFileError([`${path}: can't be read: ${(error as Error).message}`]);
  }
}

/** The entries of a file: YAML, or JSON, which YAML contains. Nothing in it is guessed at; see `valueOf`. */
function readRules(path: string, text: string): WrittenRule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number | undefined): number => lines.linePos(offset ?? 0).line || 1;
  if (document.errors.length > 0) {
    throw new PolicyFileError(document.errors.map((error) => `${path}:${lineOf(error.pos[0])}: ${syntaxText(error)}`));
  }
  const { contents } = document;
  // Nothing but comments: what generators of sample files leave where nobody has changed anything.
  if (contents === null) return [];
  if (!isMap(contents))
    throw new PolicyFileError([`${path}:1: expected a map of rules, such as "name": "role:reader"`]);
  const problems: string[] = [];
  const rules = contents.items.flatMap(({ key, value }): WrittenRule[] => {
    const line = lineOf(isScalar(key) ? key.range?.[0] : contents.range?.[0]);
    if (!isScalar(key) || typeof key.value !== 'string' || key.value === '') {
      problems.push(`${path}:${line}: expected the name of a rule as text before the colon`);
      return [];
    }
    const read = valueOf(value, document);
    if ('problem' in read) problems.push(`${path}:${line}: rule '${key.value}': ${read.problem}`);
    return 'problem' in read ? [] : [{ name: key.value, value: read.value, line }];
  });
  if (problems.length > 0) throw new PolicyFileError(problems);
  return rules;
}

/** Why YAML could not be read, with the two mistakes that policies invite. */
function syntaxText({ code, message }: YAMLError): string {
  if (code === 'DUPLICATE_KEY') return 'the rule stands twice, expected once';
  if (code === 'BAD_SCALAR_START') return `${message}: expected it in quotes, such as "@"`;
  return `expected YAML: ${message}`;
}

type Read = { readonly value: unknown } | { readonly problem: string };

/**
 * A rule as it was written. What is neither text nor lists goes on as it is and is refused there; a tag is refused here: a `!`
 * without quotes is one, in front of nothing, and other readers take that for "everyone".
 */
function valueOf(node: unknown, document: Document): Read {
  if (isAlias(node)) return valueOf(node.resolve(document), document);
  if (isScalar(node))
    return isTagged(node) ? { problem: `expected text in quotes, such as "!"; ${node.tag} is a tag` } : node;
  if (!isSeq(node)) return { value: isMap(node) ? {} : node };
  const items = node.items.map((item) => valueOf(item, document));
  return items.find((item) => 'problem' in item) ?? { value: items.map((item) => 'value' in item && item.value) };
}

function isTagged({ tag }: Scalar): boolean {
  return tag !== undefined && tag !== 'tag:yaml.org,2002:str';
}
