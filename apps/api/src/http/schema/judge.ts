import type { JsonSchema, JsonType } from './json-schema.js';
import { pythonList, pythonText } from './python-text.js';
import { isUuidLike } from './uuid-like.js';

/** A broken keyword and the short text about it, in the words of spec errors.md §4. */
export interface Judgement {
  readonly keyword: keyof JsonSchema;
  readonly short: string;
}

/** Longest rendering of one value or list in a short text, in characters: room for a 255-character name in full. */
const SHOWN_CHARACTERS = 500;

/** A value as a short text shows it: Python style, cut to a sensible length. */
export const shown = (value: unknown): string => pythonText(value, SHOWN_CHARACTERS);
const listed = (values: readonly unknown[]): string => pythonList(values, SHOWN_CHARACTERS);

/**
 * The first keyword of `schema` that `value` itself breaks, or undefined; what its members break, and `anyOf`, is not
 * looked at. Keywords about another type than the value's say nothing, as JSON Schema has it.
 */
export function judge(schema: JsonSchema, value: unknown): Judgement | undefined {
  const generic = judgeType(schema, value) ?? judgeEnum(schema, value);
  if (generic !== undefined) return generic;
  if (typeof value === 'number') return judgeNumber(schema, value);
  if (typeof value === 'string') return judgeString(schema, value);
  if (Array.isArray(value)) return judgeArray(schema, value);
  if (typeof value === 'object' && value !== null) return judgeObject(schema, value);
  return undefined;
}

const IS_OF_TYPE: Readonly<Record<JsonType, (value: unknown) => boolean>> = {
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** Whether `value` has the type that `schema` wants, if it wants any. */
export function isOfItsType({ type }: JsonSchema, value: unknown): boolean {
  if (type === undefined) return true;
  return typeof type === 'string' ? IS_OF_TYPE[type](value) : type.some((name) => IS_OF_TYPE[name](value));
}

function judgeType(schema: JsonSchema, value: unknown): Judgement | undefined {
  if (isOfItsType(schema, value)) return undefined;
  return { keyword: 'type', short: `${shown(value)} is not of type ${listed([schema.type ?? []].flat())}` };
}

function judgeEnum(schema: JsonSchema, value: unknown): Judgement | undefined {
  if (schema.enum === undefined || schema.enum.some((allowed) => allowed === value)) return undefined;
  return { keyword: 'enum', short: `${shown(value)} is not one of ${shown(schema.enum)}` };
}

function judgeNumber({ type, minimum, maximum }: JsonSchema, value: number): Judgement | undefined {
  if (minimum !== undefined && value < minimum) {
    return { keyword: 'minimum', short: `${shown(value)} is less than the minimum of ${shown(minimum)}` };
  }
  if (maximum !== undefined && value > maximum) {
    return { keyword: 'maximum', short: `${shown(value)} is greater than the maximum of ${shown(maximum)}` };
  }
  // JSON can name numbers that are none here (1e400); where a limit is exceeded too, that says more.
  if (type !== undefined && !Number.isFinite(value)) {
    return { keyword: 'type', short: `${shown(value)} is not of type ${listed([type].flat())}` };
  }
  return undefined;
}

function judgeString({ pattern, format, minLength, maxLength }: JsonSchema, value: string): Judgement | undefined {
  if (pattern !== undefined && !regexOf(pattern).test(value)) {
    return { keyword: 'pattern', short: `${shown(value)} does not match ${shown(pattern)}` };
  }
  if (format !== undefined && !isUuidLike(value)) {
    return { keyword: 'format', short: `${shown(value)} is not a ${shown(format)}` };
  }
  if (minLength === undefined && maxLength === undefined) return undefined;
  return judgeSize(codePoints(value), value, {
    least: { keyword: 'minLength', size: minLength },
    most: { keyword: 'maxLength', size: maxLength },
  });
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function judgeArray(schema: JsonSchema, value: readonly unknown[]): Judgement | undefined {
  const size = judgeSize(value.length, value, {
    least: { keyword: 'minItems', size: schema.minItems },
    most: { keyword: 'maxItems', size: schema.maxItems },
  });
  if (size !== undefined) return size;
  if (schema.uniqueItems !== true) return undefined;
  // Lists and objects are never declared unique, and break `items`: comparing them would only cost, and recurse, at will.
  const scalars = value.filter((item) => typeof item !== 'object' || item === null);
  if (new Set(scalars).size === scalars.length) return undefined;
  return { keyword: 'uniqueItems', short: `${shown(value)} has non-unique elements` };
}

function judgeObject(schema: JsonSchema, value: object): Judgement | undefined {
  if (schema.minProperties !== undefined && Object.keys(value).length < schema.minProperties) {
    return { keyword: 'minProperties', short: `${shown(value)} does not have enough properties` };
  }
  for (const keyword of Object.keys(schema)) {
    const found =
      keyword === 'required'
        ? judgeMissing(schema, value)
        : keyword === 'additionalProperties' && schema.additionalProperties === false
          ? judgeUndeclared(schema, value)
          : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function judgeMissing(schema: JsonSchema, value: object): Judgement | undefined {
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? undefined : { keyword: 'required', short: `${shown(missing)} is a required property` };
}

function judgeUndeclared(schema: JsonSchema, value: object): Judgement | undefined {
  const names = undeclaredNames(schema, value).sort();
  if (names.length === 0) return undefined;
  const keyword = 'additionalProperties';
  if (schema.patternProperties === undefined) {
    const verb = names.length === 1 ? 'was' : 'were';
    return { keyword, short: `Additional properties are not allowed (${listed(names)} ${verb} unexpected)` };
  }
  const verb = names.length === 1 ? 'does' : 'do';
  const patterns = listed(Object.keys(schema.patternProperties).sort());
  return { keyword, short: `${listed(names)} ${verb} not match any of the regexes: ${patterns}` };
}

const regexes = new Map<string, RegExp>();

/** A schema's pattern as the compiled schema reads it, made once: as many as the schemas have, not as the values. */
export function regexOf(pattern: string): RegExp {
  const known = regexes.get(pattern) ?? new RegExp(pattern, 'u');
  regexes.set(pattern, known);
  return known;
}

/** The names in `value` that neither `properties` nor `patternProperties` of `schema` speaks of, in document order. */
export function undeclaredNames(schema: JsonSchema, value: object): string[] {
  const declared = schema.properties ?? {};
  const patterns = Object.keys(schema.patternProperties ?? {}).map(regexOf);
  return Object.keys(value).filter(
    (name) => !Object.hasOwn(declared, name) && !patterns.some((pattern) => pattern.test(name)),
  );
}

interface SizeLimit {
  readonly keyword: keyof JsonSchema;
  readonly size: number | undefined;
}

function judgeSize(size: number, value: unknown, limits: { least: SizeLimit; most: SizeLimit }): Judgement | undefined {
  const { least, most } = limits;
  if (least.size !== undefined && size < least.size) {
    return { keyword: least.keyword, short: `${shown(value)} is too short` };
  }
  if (most.size !== undefined && size > most.size) {
    return { keyword: most.keyword, short: `${shown(value)} is too long` };
  }
  return undefined;
}
