/**
 * Appends until the budget is used up. Values come from clients and may be megabytes: what exceeds the budget is never
 * rendered at all, not rendered and cut.
 */
class Budget {
  text = '';
  spent = false;
  constructor(private readonly limit: number) {}

  add(piece: string): void {
    if (this.spent) return;
    const room = this.limit - this.text.length;
    this.spent = piece.length > room;
    this.text += this.spent ? `${withoutTornPair(piece.slice(0, room))}...` : piece;
  }

  /** How much of a client's string is worth looking at: one more than fits, so that `add` notices the excess. */
  worthReading(value: string): string {
    return value.length > this.limit ? withoutTornPair(value.slice(0, this.limit + 1)) : value;
  }
}

/** A cut between the halves of a surrogate pair would leave text that is no Unicode. */
function withoutTornPair(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

/**
 * `value`, a JSON value, as Python's repr shows it (`True`, `None`, `['a', 1]`, `{'a': 1}`), because schema messages are
 * worded so (spec errors.md §4). At most `limit` characters, then `...`.
 */
export function pythonText(value: unknown, limit: number): string {
  const out = new Budget(limit);
  write(value, out);
  return out.text;
}

/** `values` as repr shows each, joined with `, `: the names in a message. At most `limit` characters, then `...`. */
export function pythonList(values: readonly unknown[], limit: number): string {
  const out = new Budget(limit);
  writeAll(values, out);
  return out.text;
}

function write(value: unknown, out: Budget): void {
  if (out.spent) return;
  if (typeof value === 'string') out.add(quoted(out.worthReading(value)));
  else if (typeof value === 'number') out.add(numberText(value));
  else if (typeof value === 'boolean') out.add(value ? 'True' : 'False');
  else if (Array.isArray(value)) {
    out.add('[');
    writeAll(value, out);
    out.add(']');
  } else if (typeof value === 'object' && value !== null) writeDict(value, out);
  else out.add('None');
}

function writeAll(values: readonly unknown[], out: Budget): void {
  for (const [index, value] of values.entries()) {
    if (out.spent) return;
    if (index > 0) out.add(', ');
    write(value, out);
  }
}

function writeDict(value: object, out: Budget): void {
  out.add('{');
  let first = true;
  for (const [key, member] of Object.entries(value)) {
    if (out.spent) return;
    if (!first) out.add(', ');
    first = false;
    write(key, out);
    out.add(': ');
    write(member, out);
  }
  out.add('}');
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Python prefers single quotes and takes double ones only if that saves escaping. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\']|(?! )[\p{C}\p{Z}]/gu, (character) => {
    if (character === "'") return quote === "'" ? "\\'" : character;
    return NAMED_ESCAPES[character] ?? codePointEscape(character.codePointAt(0) ?? 0);
  });
  return quote + body + quote;
}

function codePointEscape(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** JSON's 10.0 and 10 are one value here, and shown as the integer. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const tiny = value !== 0 && Math.abs(value) < 1e-4;
  return (tiny ? value.toExponential() : String(value)).replace(/e([+-])(\d)$/, 'e$10$2');
}
