/**
 * Request schemas: bodies are declared once, as classes with decorators, and compiled once from these into the JSON schema
 * that both checks requests and documents the API; query strings bring their schema as data. Error texts are Placement's.
 */
export { hasProperty, validateBody, versionedBodies } from './body.js';
export type { VersionedBody } from './body.js';
export { compileSchema } from './compile-schema.js';
export type { Check } from './compile-schema.js';
export {
  AnyOf,
  FaultsInOrder,
  IsIntOrNull,
  IsUuidLike,
  IsUuidOrNull,
  MapOf,
  MayBeAbsent,
  obeysDecorators,
  WholeBody,
} from './decorators.js';
export type { BodyClass, MapOptions } from './decorators.js';
export type { JsonSchema, JsonType } from './json-schema.js';
export { pythonText } from './python-text.js';
export { schemaOf } from './schema-of.js';
export { isUuidLike, normalizeUuid } from './uuid-like.js';
