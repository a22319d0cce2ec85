/**
 * What the database must say, as far as clients were told. Everything that they write has a key and a value in words:
 * what a consumer holds, how much there is of a class on a provider. undefined: it is not there.
 */
export type Values = ReadonlyMap<string, string>;

/** What a request makes of the things it names, all of them or none. */
export interface Change {
  readonly key: string;
  readonly before: string | undefined;
  /** With ANY in the place of what the service chooses. */
  readonly after: string | undefined;
}

/** A line that the log of changes must have: `uuid generation`, or `uuid generation deleted`. */
export type Line = string;

export interface Operation {
  readonly what: string;
  readonly changes: readonly Change[];
  readonly lines: readonly Line[];
}

/** Stands for one provider that the service chooses. */
export const ANY = '*';

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export interface Finding {
  readonly rule: 'lost' | 'invented' | 'divided';
  readonly message: string;
}

/** Holds what was acknowledged and what is not known. What is not known is not touched until the database was read. */
export class Model {
  private readonly values = new Map<string, string>();
  private readonly open = new Map<string, Operation>();
  private unknown: Operation[] = [];
  /** Of consumers, once each. */
  readonly lines = new Set<Line>();
  acknowledged = 0;
  unknowns = 0;
  /** Of those that were not known: how many had happened. */
  happened = 0;

  get(key: string): string | undefined {
    return this.values.get(key);
  }

  /** Whether nobody knows, or will know soon, what it is. */
  isOpen(key: string): boolean {
    return this.open.has(key);
  }

  begin(operation: Operation): void {
    for (const { key } of operation.changes) this.open.set(key, operation);
  }

  /** It has happened. `chosen`: the values in the place of those with ANY. */
  acknowledge(operation: Operation, chosen: Values = new Map()): void {
    this.acknowledged += 1;
    this.close(operation);
    this.apply(operation, chosen);
  }

  /** It has not happened, and will not. */
  refuse(operation: Operation): void {
    this.close(operation);
  }

  leaveUnknown(operation: Operation): void {
    this.unknowns += 1;
    this.unknown.push(operation);
  }

  /** Holds all of it against the database, in which nothing is under way, and learns what it did not know. */
  judge(stored: Values): Finding[] {
    const findings = this.unknown.flatMap((operation) => this.settle(operation, stored));
    this.unknown = [];
    for (const key of new Set([...this.values.keys(), ...stored.keys()])) {
      const [told, found] = [this.values.get(key), stored.get(key)];
      if (told === found) continue;
      const rule = found === undefined || told !== undefined ? 'lost' : 'invented';
      findings.push({ rule, message: `${key}: told ${told ?? 'nothing'}, found ${found ?? 'nothing'}` });
      // Said once: from now on it is what it is.
      if (found === undefined) this.values.delete(key);
      else this.values.set(key, found);
    }
    return findings;
  }

  private settle(operation: Operation, stored: Values): Finding[] {
    this.close(operation);
    const { changes, what } = operation;
    const happened = changes.every(({ key, after }) => fits(after, stored.get(key)));
    const never = changes.every(({ key, before }) => before === stored.get(key));
    if (happened) {
      this.happened += 1;
      this.apply(operation, stored);
    }
    if (happened || never) return [];
    const found = changes.map(({ key, before, after }) => `${key}: ${before} -> ${after}, found ${stored.get(key)}`);
    return [{ rule: 'divided', message: `${what}: ${found.join('; ')}` }];
  }

  private apply({ changes, lines }: Operation, chosen: Values): void {
    for (const { key, after } of changes) {
      if (after === undefined) this.values.delete(key);
      else this.values.set(key, after.includes(ANY) ? (chosen.get(key) ?? after) : after);
    }
    for (const line of lines) this.lines.add(line);
  }

  private close(operation: Operation): void {
    for (const { key } of operation.changes) this.open.delete(key);
  }
}

function fits(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined || value === undefined || !pattern.includes(ANY)) return pattern === value;
  return value.replaceAll(UUID, ANY) === pattern;
}
