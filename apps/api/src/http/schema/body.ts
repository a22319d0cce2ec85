import { compileSchema } from './compile-schema.js';
import type { Check } from './compile-schema.js';
import type { BodyClass } from './decorators.js';
import { schemaOf } from './schema-of.js';

/** The body of a request from minor version `since` on, until the next row's. */
export interface VersionedBody {
  readonly since: number;
  readonly class: BodyClass;
  /** The body of clients that speak berth 1.0, where it differs. */
  readonly berth?: BodyClass;
}

const checks = new Map<BodyClass, Check>();
const names = new Map<BodyClass, ReadonlySet<string>>();

/**
 * The text of spec errors.md §4 about what is wrong with `value` as a `bodyClass`, or undefined if nothing is. Compiles the
 * class on first use; see `schemaOf` for the Error that a class can cause.
 */
export function validateBody(bodyClass: BodyClass, value: unknown): string | undefined {
  return checkOf(bodyClass)(value);
}

/** Whether bodies of this class have a property of that name. */
export function hasProperty(bodyClass: BodyClass, name: string): boolean {
  const known = names.get(bodyClass) ?? new Set(Object.keys(schemaOf(bodyClass).properties ?? {}));
  // Reading the decorators again would cost each request that names a generation.
  names.set(bodyClass, known);
  return known.has(name);
}

function checkOf(bodyClass: BodyClass): Check {
  const known = checks.get(bodyClass);
  if (known !== undefined) return known;
  const check = compileSchema(schemaOf(bodyClass));
  checks.set(bodyClass, check);
  return check;
}

/**
 * The rows of one request, oldest first. Compiles every class, so that a decorator that cannot be honoured stops the start
 * and no request waits for it. Throws an Error also for rows out of order.
 */
export function versionedBodies(...rows: readonly VersionedBody[]): readonly VersionedBody[] {
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before !== undefined && before.since >= row.since) throw new Error(`${row.class.name}: rows must rise`);
    checkOf(row.class);
    if (row.berth !== undefined) checkOf(row.berth);
  }
  return rows;
}
