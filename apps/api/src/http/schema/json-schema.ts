/** The types a JSON value can have, in JSON Schema's words; every integer is a number as well. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/**
 * The part of JSON Schema that requests are declared in. Closed on purpose: a keyword joins this list together with its
 * judgement and its wording in `violation.ts`, so none is checked without having an error text.
 */
export interface JsonSchema {
  /** Documentation only. */
  readonly description?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Searched, not anchored. */
  readonly pattern?: string;
  /** `uuid` means UUID-like, see `uuid-like.ts`. */
  readonly format?: 'uuid';
  /** In code points, as `maxLength`. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Only where `items` declares one scalar type. */
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

const KEYWORDS: Readonly<Record<keyof JsonSchema, true>> = {
  description: true,
  type: true,
  enum: true,
  minimum: true,
  maximum: true,
  pattern: true,
  format: true,
  minLength: true,
  maxLength: true,
  items: true,
  minItems: true,
  maxItems: true,
  uniqueItems: true,
  properties: true,
  patternProperties: true,
  minProperties: true,
  required: true,
  additionalProperties: true,
  anyOf: true,
};

const SCALARS: readonly JsonType[] = ['string', 'number', 'integer', 'boolean'];

/** Throws an Error about the first thing, at any depth of `schema`, that `JsonSchema` does not provide for. */
export function assertSupported(schema: JsonSchema): void {
  for (const keyword of Object.keys(schema)) {
    if (!Object.hasOwn(KEYWORDS, keyword)) throw new Error(`JSON schema keyword '${keyword}' is not supported`);
  }
  if (schema.uniqueItems === true && !SCALARS.some((type) => type === schema.items?.type)) {
    throw new Error('JSON schema keyword uniqueItems needs items of one scalar type');
  }
  const named = [...Object.values(schema.properties ?? {}), ...Object.values(schema.patternProperties ?? {})];
  for (const inner of [...named, ...(schema.anyOf ?? [])]) assertSupported(inner);
  if (schema.items !== undefined) assertSupported(schema.items);
  if (typeof schema.additionalProperties === 'object') assertSupported(schema.additionalProperties);
}
