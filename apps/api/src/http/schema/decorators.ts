import { plainToInstance } from 'class-transformer';
import { ValidateBy, ValidateIf, validateSync } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import { isUuidLike } from './uuid-like.js';

/** A class that declares a body, or a part of one, by its decorators. */
export type BodyClass = new () => object;

/** The names under which class-validator keeps the decorators of this file; `schemaOf` knows them by these. */
export const IS_UUID_LIKE = 'isUuidLike';
export const IS_UUID_OR_NULL = 'isUuidOrNull';
export const IS_INT_OR_NULL = 'isIntOrNull';
export const MAP_OF = 'mapOf';
export const ANY_OF = 'anyOf';

/** A string that counts as a UUID in bodies (spec http.md §11). */
export function IsUuidLike(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy({ name: IS_UUID_LIKE, validator: { validate: isUuidLikeString } }, options);
}

/** A UUID-like string or null. */
export function IsUuidOrNull(): PropertyDecorator {
  return ValidateBy({
    name: IS_UUID_OR_NULL,
    validator: { validate: (value) => value === null || isUuidLikeString(value) },
  });
}

/** An integer or null: a consumer generation, null for a consumer that is to be new. */
export function IsIntOrNull(): PropertyDecorator {
  return ValidateBy({
    name: IS_INT_OR_NULL,
    validator: { validate: (value) => value === null || Number.isInteger(value) },
  });
}

function isUuidLikeString(value: unknown): boolean {
  return typeof value === 'string' && isUuidLike(value);
}

/** `ValidateIf`'s condition under `MayBeAbsent`; `schemaOf` knows it by identity. */
export function isPresent(_body: object, value: unknown): boolean {
  return value !== undefined;
}

/** The property may be missing. class-validator's `IsOptional` would let null pass as well, which Placement refuses. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf(isPresent);
}

/** What an object keyed by the client must be like; see `MapOf`. */
export interface MapOptions {
  /** Fewest members; 0 unless told. */
  readonly minProperties?: number;
  /** Keys that do not match: `refused` unless told, `unchecked`, or held to the `same` rule as the others. */
  readonly otherKeys?: 'refused' | 'unchecked' | 'same';
}

/** The constraints `MapOf` leaves in class-validator's storage. */
export type MapConstraints = readonly [pattern: RegExp, valueClass: () => BodyClass, options: MapOptions];

/** An object whose keys match `pattern` and whose values are what `valueClass` declares. */
export function MapOf(pattern: RegExp, valueClass: () => BodyClass, options: MapOptions = {}): PropertyDecorator {
  const constraints: MapConstraints = [pattern, valueClass, options];
  return ValidateBy({
    name: MAP_OF,
    constraints: [...constraints],
    validator: { validate: (value) => isMapOf(value, constraints) },
  });
}

function isMapOf(value: unknown, [pattern, valueClass, options]: MapConstraints): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.entries(value);
  if (members.length < (options.minProperties ?? 0)) return false;
  return members.every(([key, member]) => {
    if (pattern.test(key) || options.otherKeys === 'same') return obeysDecorators(valueClass(), member);
    return options.otherKeys === 'unchecked';
  });
}

/** A value that one of the classes declares, at least: mostly such with `WholeBody`, for a value of several types. */
export function AnyOf(classes: () => readonly BodyClass[], options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown): boolean => classes().some((one) => obeysDecorators(one, value));
  return ValidateBy({ name: ANY_OF, constraints: [classes], validator: { validate } }, options);
}

const wholeBodies = new WeakMap<object, string>();

/**
 * The property stands for the whole value, not for a member of it: a body that is a bare array or a bare map, or a value
 * of a map that is no object. What is validated is what the property declares.
 */
export function WholeBody(): PropertyDecorator {
  return (prototype, name) => {
    wholeBodies.set(prototype.constructor, String(name));
  };
}

/** The property of `bodyClass`, or of a class it extends, that `WholeBody` marks. */
export function wholeBodyOf(bodyClass: BodyClass): string | undefined {
  for (let at: object | null = bodyClass; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const name = wholeBodies.get(at);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** In what order several faults of a body are told, where it isn't that of the declaration. */
export interface FaultOrder {
  /** Properties whose faults come before those of others; what is missing is told in the order of the declaration. */
  readonly first?: readonly string[];
  /** Unknown keys come before missing ones; otherwise it is the other way about. */
  readonly unknownKeysFirst?: boolean;
}

const faultOrders = new WeakMap<object, FaultOrder>();

/** Faults of a body are told in the order that its schema has in Placement: clients see only the first of them. */
export function FaultsInOrder(order: FaultOrder): ClassDecorator {
  return (bodyClass) => void faultOrders.set(bodyClass, order);
}

/** What `FaultsInOrder` says of `bodyClass`, or of the nearest class it extends. */
export function faultOrderOf(bodyClass: BodyClass): FaultOrder {
  for (let at: object | null = bodyClass; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const order = faultOrders.get(at);
    if (order !== undefined) return order;
  }
  return {};
}

/**
 * Whether class-validator itself accepts `value` as a `bodyClass`. Requests go through the schema compiled from the same
 * decorators (`validateBody`), which costs a twentieth; this is what that schema has to agree with.
 */
export function obeysDecorators(bodyClass: BodyClass, value: unknown): boolean {
  const whole = wholeBodyOf(bodyClass);
  if (whole === undefined && (typeof value !== 'object' || value === null || Array.isArray(value))) return false;
  const instance = plainToInstance(bodyClass, whole === undefined ? value : { [whole]: value });
  return validateSync(instance as object, { whitelist: true, forbidNonWhitelisted: true }).length === 0;
}
