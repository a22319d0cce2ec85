import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import {
  ANY_OF,
  faultOrderOf,
  IS_INT_OR_NULL,
  IS_UUID_LIKE,
  IS_UUID_OR_NULL,
  isPresent,
  MAP_OF,
  wholeBodyOf,
} from './decorators.js';
import type { BodyClass, MapConstraints } from './decorators.js';
import type { JsonSchema } from './json-schema.js';

type Storage = ReturnType<typeof getMetadataStorage>;

/** One decorator on one property, as class-validator remembers it. */
type Decoration = ReturnType<Storage['getTargetValidationMetadatas']>[number];

const UUID: JsonSchema = { type: 'string', format: 'uuid' };

/**
 * The JSON schema that the decorators of `bodyClass` declare: closed objects (unknown keys are refused), properties in the
 * order of declaration with those of base classes first, unless `FaultsInOrder` says otherwise. A property declared again replaces the inherited one.
 *
 * Throws an Error that names class and property if a decorator is not known here, or if they do not settle a type: what
 * cannot be compiled must stop the start, not let requests through.
 */
export function schemaOf(bodyClass: BodyClass): JsonSchema {
  const declared = decorationsOf(bodyClass);
  const whole = wholeBodyOf(bodyClass);
  if (whole !== undefined) {
    const extra = [...declared.keys()].find((name) => name !== whole);
    if (extra !== undefined) throw new Error(`${bodyClass.name}.${extra}: nothing stands beside the body, ${whole}`);
    return propertySchema(bodyClass, whole, declared.get(whole) ?? []);
  }
  const { first = [], unknownKeysFirst = false } = faultOrderOf(bodyClass);
  const ordered = [...declared].sort(([one], [other]) => Number(first.includes(other)) - Number(first.includes(one)));
  const properties = Object.fromEntries(
    ordered.map(([name, decorations]) => [name, propertySchema(bodyClass, name, decorations)]),
  );
  const required = [...declared].filter(([, decorations]) => !decorations.some(isConditional)).map(([name]) => name);
  const needs = required.length > 0 ? { required } : {};
  // Faults are told in the order of the keywords.
  return unknownKeysFirst
    ? { type: 'object', properties, additionalProperties: false, ...needs }
    : { type: 'object', properties, ...needs, additionalProperties: false };
}

/**
 * The decorators by property. Each class of the lineage is asked for its own: asked once for all of them, class-validator
 * leaves inherited ones out where a property is declared again, and with them its place in the order.
 */
function decorationsOf(bodyClass: BodyClass): Map<string, Decoration[]> {
  const declared = new Map<string, Decoration[]>();
  for (const ancestor of lineage(bodyClass)) {
    const known = getMetadataStorage().getTargetValidationMetadatas(ancestor, '', false, false);
    const own = known.filter(({ target }) => target === ancestor);
    for (const { propertyName } of own) {
      const decorations = own.filter((decoration) => decoration.propertyName === propertyName);
      declared.set(propertyName, decorations);
    }
  }
  if (declared.size === 0) throw new Error(`${bodyClass.name} declares nothing`);
  return declared;
}

/** The class and those it extends, the most general first. */
function lineage(bodyClass: BodyClass): BodyClass[] {
  const base: unknown = Object.getPrototypeOf(bodyClass);
  return base === Function.prototype ? [bodyClass] : [...lineage(base as BodyClass), bodyClass];
}

const isConditional = ({ type }: Decoration): boolean => type === 'conditionalValidation';

function propertySchema(bodyClass: BodyClass, property: string, decorations: readonly Decoration[]): JsonSchema {
  const where = `${bodyClass.name}.${property}`;
  const own: JsonSchema[] = [];
  const ofItems: JsonSchema[] = [];
  for (const decoration of decorations) {
    if (decoration.groups?.length > 0) throw new Error(`${where}: validation groups are not supported`);
    if (isConditional(decoration)) continue;
    (decoration.each ? ofItems : own).push(fragment(decoration, where, bodyClass));
  }
  if (ofItems.length > 0) own.push({ items: merged(ofItems, `${where}[]`) });
  const schema = merged(own, where);
  return decorations.some(allowsNull) ? { anyOf: [schema, { type: 'null' }] } : schema;
}

/** `IsOptional` passes null as well as absence; `MayBeAbsent` passes absence alone. Other conditions are code: unknowable. */
function allowsNull({ type, name, constraints, target, propertyName }: Decoration): boolean {
  if (type !== 'conditionalValidation' || constraints[0] === isPresent) return false;
  if (name === 'isOptional') return true;
  throw new Error(`${(target as BodyClass).name}.${propertyName}: a condition of its own is not supported`);
}

/** One schema from the fragments of several decorators; each keyword may be said once, or twice the same. */
function merged(fragments: readonly JsonSchema[], where: string): JsonSchema {
  const keywords = new Map<string, unknown>();
  for (const [keyword, value] of fragments.flatMap((part) => Object.entries(part) as [string, unknown][])) {
    const differs = keywords.has(keyword) && keywords.get(keyword) !== value;
    if (differs) throw new Error(`${where}: two decorators differ on ${keyword}`);
    keywords.set(keyword, value);
  }
  if (!keywords.has('type') && !keywords.has('anyOf')) throw new Error(`${where}: no decorator says its type`);
  const { type, ...rest } = Object.fromEntries(keywords) as JsonSchema;
  return type === undefined ? rest : { type, ...rest };
}

/** What one decorator means, by the name class-validator gives it. */
const FRAGMENTS: Readonly<Record<string, (constraints: readonly unknown[]) => JsonSchema>> = {
  isString: () => ({ type: 'string' }),
  isInt: () => ({ type: 'integer' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isNumber: ([options]) => {
    const told = Object.values((options ?? {}) as object).some((option) => option !== undefined && option !== false);
    if (told) throw new Error('options of IsNumber are not supported');
    return { type: 'number' };
  },
  min: ([minimum]) => ({ minimum: minimum as number }),
  max: ([maximum]) => ({ maximum: maximum as number }),
  isLength: ([minLength, maxLength]) => ({ minLength: minLength as number, ...optional('maxLength', maxLength) }),
  minLength: ([minLength]) => ({ minLength: minLength as number }),
  maxLength: ([maxLength]) => ({ maxLength: maxLength as number }),
  matches: ([pattern, modifiers]) => {
    if (modifiers !== undefined) throw new Error('modifiers of Matches are not supported');
    return { pattern: sourceOf(pattern as RegExp) };
  },
  isIn: ([values]) => ({ enum: values as readonly string[] }),
  arrayMinSize: ([minItems]) => ({ minItems: minItems as number }),
  arrayMaxSize: ([maxItems]) => ({ maxItems: maxItems as number }),
  arrayUnique: ([identify]) => {
    if (identify !== undefined) throw new Error('an identifier of ArrayUnique is not supported');
    return { uniqueItems: true };
  },
  [IS_UUID_LIKE]: () => UUID,
  [IS_UUID_OR_NULL]: () => ({ anyOf: [UUID, { type: 'null' }] }),
  [IS_INT_OR_NULL]: () => ({ type: ['integer', 'null'] }),
  [MAP_OF]: (constraints) => mapSchema(constraints as MapConstraints),
  [ANY_OF]: ([classes]) => ({ anyOf: (classes as () => readonly BodyClass[])().map(schemaOf) }),
};

function fragment(decoration: Decoration, where: string, bodyClass: BodyClass): JsonSchema {
  if (decoration.type === 'nestedValidation') return schemaOf(nestedClass(bodyClass, decoration.propertyName));
  const name = decoration.name ?? decoration.type;
  const known = Object.hasOwn(FRAGMENTS, name) ? FRAGMENTS[name] : undefined;
  if (known === undefined) throw new Error(`${where}: decorator '${name}' is not supported`);
  try {
    return known(decoration.constraints ?? []);
  } catch (cause) {
    throw new Error(`${where}: ${(cause as Error).message}`, { cause });
  }
}

function optional(keyword: keyof JsonSchema, value: unknown): JsonSchema {
  return value === undefined ? {} : { [keyword]: value };
}

/** JSON Schema patterns carry no flags; `u` is how they are read anyway. */
function sourceOf(pattern: RegExp): string {
  if (pattern.flags.replace('u', '') !== '') throw new Error(`flags of ${String(pattern)} are not supported`);
  return pattern.source;
}

function mapSchema([pattern, valueClass, { minProperties = 0, otherKeys = 'refused' }]: MapConstraints): JsonSchema {
  const value = schemaOf(valueClass());
  return {
    type: 'object',
    ...(minProperties > 0 && { minProperties }),
    patternProperties: { [sourceOf(pattern)]: value },
    ...(otherKeys === 'refused' && { additionalProperties: false }),
    ...(otherKeys === 'same' && { additionalProperties: value }),
  };
}

/** The class that `Type` names, asked of class-transformer by converting an example: it offers no other public way. */
function nestedClass(bodyClass: BodyClass, property: string): BodyClass {
  const example = plainToInstance(bodyClass, { [property]: [{}] }) as Readonly<Record<string, readonly object[]>>;
  const nested = example[property]?.[0]?.constructor as BodyClass | undefined;
  if (nested === undefined || (nested as unknown) === Object) {
    throw new Error(`${bodyClass.name}.${property}: ValidateNested needs Type beside it`);
  }
  return nested;
}
