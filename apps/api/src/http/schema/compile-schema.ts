import { Ajv } from 'ajv';
import { assertSupported } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';
import { pythonText } from './python-text.js';
import { isUuidLike } from './uuid-like.js';
import { findViolation } from './violation.js';
import type { Step, Violation } from './violation.js';

/** A compiled schema: the error text of a value that breaks it, undefined for one that obeys. */
export type Check = (value: unknown) => string | undefined;

/** Longest dump of a schema or a value in an error text, in characters: bodies can be megabytes, errors should not. */
const DUMP_CHARACTERS = 1000;

/** Longest rendering of one step of a path; property names are the client's and as long as it likes. */
const STEP_CHARACTERS = 300;

/** `strictTypes` off: it asks to repeat a type beside each keyword; nothing about what is accepted depends on it. */
const ajv = new Ajv({ strict: true, strictTypes: false, messages: false, ownProperties: true });
ajv.addFormat('uuid', { type: 'string', validate: isUuidLike });

/**
 * Compiles `schema` once. The check answers the text of spec errors.md §4,
 * `<short>  Failed validating '<keyword>' in schema<path>:     <dump>  On instance<path>:     <dump>`, about the violation
 * nearest to the root, or undefined. Throws an Error for a schema that uses what `JsonSchema` does not list.
 *
 * A value that obeys costs one run of generated code; only the text about one that doesn't is looked for by walking.
 */
export function compileSchema(schema: JsonSchema): Check {
  assertSupported(schema);
  const obeys = ajv.compile(schema);
  return (value) => {
    if (obeys(value)) return undefined;
    const violation = findViolation(schema, value);
    if (violation !== undefined) return describe(violation);
    throw new Error(`no violation found in a value refused at ${obeys.errors?.[0]?.schemaPath}`);
  };
}

function describe({ short, keyword, schema, schemaPath, value, instancePath }: Violation): string {
  const place = `Failed validating '${keyword}' in schema${brackets(schemaPath)}:`;
  const dumps = [pythonText(schema, DUMP_CHARACTERS), pythonText(value, DUMP_CHARACTERS)];
  return `${short}  ${place}     ${dumps[0]}  On instance${brackets(instancePath)}:     ${dumps[1]}`;
}

function brackets(path: readonly Step[]): string {
  return path.map((step) => `[${pythonText(step, STEP_CHARACTERS)}]`).join('');
}
