/**
 * A rule of a policy, understood. The language is that of oslo.policy; docs/policy.md describes it, docs/adr/0021 says where
 * Berth is stricter.
 */
export type PolicyCheck =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny' }
  | { readonly kind: 'role'; readonly role: PolicyTemplate }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'attribute'; readonly attribute: string; readonly value: PolicyTemplate }
  | { readonly kind: 'literal'; readonly literal: string; readonly value: PolicyTemplate }
  | { readonly kind: 'not'; readonly check: PolicyCheck }
  | { readonly kind: 'and'; readonly checks: readonly PolicyCheck[] }
  | { readonly kind: 'or'; readonly checks: readonly PolicyCheck[] };

/** Text in which values of the target stand where it says `%(key)s`. */
export type PolicyTemplate = readonly (string | { readonly key: string })[];

/** What a rule turned out to be; `problem` says what was expected. */
export type ParsedCheck =
  { readonly status: 'parsed'; readonly check: PolicyCheck } | { readonly status: 'refused'; readonly problem: string };

/** Thrown and caught in this file only. */
class Refused extends Error {}

/** A rule nested deeper than this was not written by a person, and shall not exhaust the stack. */
const MAX_DEPTH = 100;

/**
 * Reads a rule as a policy file has it: text, or the older lists, of which the outer one means "or" and the inner ones "and".
 * Empty text and an empty list allow everyone. Never throws.
 */
export function parsePolicyCheck(written: unknown): ParsedCheck {
  try {
    if (typeof written === 'string') return { status: 'parsed', check: parseText(written) };
    if (Array.isArray(written)) return { status: 'parsed', check: parseLists(written as readonly unknown[]) };
  } catch (error) {
    if (error instanceof Refused) return { status: 'refused', problem: error.message };
    throw error;
  }
  const came = written === null ? 'nothing' : `a ${typeof written === 'object' ? 'map' : typeof written}`;
  return { status: 'refused', problem: `expected text or a list, found ${came}; "@" allows everyone, "!" nobody` };
}

interface Token {
  readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'check';
  readonly text: string;
}

/** Parentheses count at the ends of a word only: inside they belong to `%(key)s`. */
function tokensOf(text: string): Token[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .flatMap((word) => {
      const opened = word.replace(/^\(+/, '');
      const clean = opened.replace(/\)+$/, '');
      const lower = clean.toLowerCase();
      const kind = lower === 'and' || lower === 'or' || lower === 'not' ? lower : 'check';
      return [
        ...Array.from({ length: word.length - opened.length }, (): Token => ({ kind: '(', text: '(' })),
        ...(clean === '' ? [] : [{ kind, text: clean } satisfies Token]),
        ...Array.from({ length: opened.length - clean.length }, (): Token => ({ kind: ')', text: ')' })),
      ];
    });
}

function parseText(text: string): PolicyCheck {
  if (text === '') return { kind: 'allow' };
  const reader = new TokenReader(tokensOf(text));
  const check = parseOr(reader, 0);
  if (reader.next !== undefined) throw new Refused(`expected 'and', 'or' or the end, found '${reader.next.text}'`);
  return check;
}

class TokenReader {
  private at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  get next(): Token | undefined {
    return this.tokens[this.at];
  }

  /** Goes on if the next token is of this kind, and says whether it did. */
  take(kind: Token['kind']): boolean {
    if (this.next?.kind !== kind) return false;
    this.at += 1;
    return true;
  }

  /** What came before, for messages. */
  get place(): string {
    const before = this.tokens[this.at - 1];
    return before === undefined ? '' : ` after '${before.text}'`;
  }
}

function parseOr(reader: TokenReader, depth: number): PolicyCheck {
  const checks = [parseAnd(reader, depth)];
  while (reader.take('or')) checks.push(parseAnd(reader, depth));
  return joined('or', checks);
}

function parseAnd(reader: TokenReader, depth: number): PolicyCheck {
  const checks = [parseNot(reader, depth)];
  while (reader.take('and')) checks.push(parseNot(reader, depth));
  return joined('and', checks);
}

function parseNot(reader: TokenReader, depth: number): PolicyCheck {
  let inverted = false;
  while (reader.take('not')) inverted = !inverted;
  const check = parseOne(reader, depth);
  return inverted ? { kind: 'not', check } : check;
}

function parseOne(reader: TokenReader, depth: number): PolicyCheck {
  const token = reader.next;
  if (reader.take('check')) return parseWord(token?.text ?? '');
  if (!reader.take('(')) {
    throw new Refused(`expected a check${reader.place}, found ${token === undefined ? 'the end' : `'${token.text}'`}`);
  }
  if (depth >= MAX_DEPTH) throw new Refused(`more than ${MAX_DEPTH} parentheses in each other`);
  const inner = parseOr(reader, depth + 1);
  if (reader.take(')')) return inner;
  const found = reader.next === undefined ? 'the end' : `'${reader.next.text}'`;
  throw new Refused(`expected 'and', 'or' or ')'${reader.place}, found ${found}`);
}

function joined(kind: 'and' | 'or', checks: readonly PolicyCheck[]): PolicyCheck {
  const [only] = checks;
  return only !== undefined && checks.length === 1 ? only : { kind, checks };
}

function parseLists(alternatives: readonly unknown[]): PolicyCheck {
  if (alternatives.length === 0) return { kind: 'allow' };
  const checks = alternatives
    .map((inner): readonly unknown[] => (Array.isArray(inner) ? inner : [inner]))
    .filter((inner) => inner.length > 0)
    .map((inner) => joined('and', inner.map(parseListed)));
  return checks.length === 0 ? { kind: 'deny' } : joined('or', checks);
}

function parseListed(word: unknown): PolicyCheck {
  if (typeof word !== 'string')
    throw new Refused('expected lists of single checks, such as [["role:admin"], ["role:x"]]');
  return parseWord(word);
}

/** `http` and `https` ask another server, and who may do what shall not hang on whether it answers. */
const REMOTE = new Set(['http', 'https']);
const QUOTED = /^(?:'([^'\\]*)'|"([^"\\]*)")$/;
/** Others, 1.50 or 007 or 1e3, would be compared in another spelling than they are written. */
const NUMBER = /^(?:0|-?[1-9]\d{0,8})(?:\.(?:0|\d{0,3}[1-9]))?$/;
const ATTRIBUTE = /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*$/;

/** One check: `@`, `!`, or `<kind>:<match>`. */
function parseWord(word: string): PolicyCheck {
  if (word === '@') return { kind: 'allow' };
  if (word === '!') return { kind: 'deny' };
  const colon = word.indexOf(':');
  if (colon === -1)
    throw new Refused(`'${word}' is no check: expected rule:${word}, role:${word}, or another with a colon`);
  const kind = word.slice(0, colon);
  const match = word.slice(colon + 1);
  if (REMOTE.has(kind))
    throw new Refused(`'${word}' would ask another server, which Berth does not: expected a check of its own`);
  if (kind === 'rule') return { kind: 'rule', name: match };
  if (kind === 'role') return { kind: 'role', role: parseTemplate(match) };
  const literal = literalOf(kind);
  if (literal !== undefined) return { kind: 'literal', literal, value: parseTemplate(match) };
  if (ATTRIBUTE.test(kind)) return { kind: 'attribute', attribute: kind, value: parseTemplate(match) };
  throw new Refused(
    `'${kind}' before the colon of '${word}' is neither a kind of check nor an attribute nor a literal such as 'text', True or 1`,
  );
}

/** A literal as text, written the way it is compared; undefined: none. */
function literalOf(kind: string): string | undefined {
  if (kind === 'True' || kind === 'False' || kind === 'None') return kind;
  const quoted = QUOTED.exec(kind);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  return NUMBER.test(kind) ? kind : undefined;
}

function parseTemplate(text: string): PolicyTemplate {
  if (!text.includes('%')) return [text];
  const parts: (string | { readonly key: string })[] = [];
  const pattern = /%\(([^()]+)\)s|%%|[^%]+/gy;
  for (let end = 0; end < text.length; end = pattern.lastIndex) {
    const found = pattern.exec(text);
    if (found === null)
      throw new Refused(`'${text.slice(end)}' in '${text}': expected %(key)s, or %% for a percent sign`);
    parts.push(found[1] !== undefined ? { key: found[1] } : found[0] === '%%' ? '%' : found[0]);
  }
  return parts;
}
