import { type Invalid, InvalidQuery, type ProviderConditions } from '#berth/domain';
import { lastValueOf, valuesOf, type QueryPairs } from './query-pairs.js';

/** What a `required` value may say. */
export interface TraitSyntax {
  /** `!T`: the trait must be absent. */
  readonly forbidden: boolean;
  /** `in:A,B`: at least one of them. */
  readonly anyOf: boolean;
}

export type TraitConditions = Pick<ProviderConditions, 'required' | 'forbidden'>;

const PREFIX = 'Invalid query string parameters: ';
const PLAIN_FORM = 'HW_CPU_X86_VMX,CUSTOM_MAGIC';
const FORBIDDEN_FORM = 'HW_CPU_X86_VMX,!CUSTOM_MAGIC';
const ANY_FORM = `in:${PLAIN_FORM}`;

const FORBIDDEN_SINCE = 22;
const ANY_OF_SINCE = 39;

/**
 * Reads every `<key>` of the query that counts at this version: the last until 1.38, all of them from 1.39, required
 * sets AND-ed and forbidden ones united (spec resource_providers.md §6, required). No such key means no condition.
 *
 * @throws Invalid if a value that counts is not well formed
 */
export function requiredOf(pairs: QueryPairs, key: string, minor: number): TraitConditions {
  const last = lastValueOf(pairs, key);
  if (last === undefined) return { required: [], forbidden: [] };
  const syntax = { forbidden: minor >= FORBIDDEN_SINCE, anyOf: minor >= ANY_OF_SINCE };
  const values = minor >= ANY_OF_SINCE ? valuesOf(pairs, key) : [last];
  const parsed = values.map((value) => parseRequired(value, syntax));
  return {
    required: parsed.flatMap(({ required }) => required),
    forbidden: unique(parsed.flatMap(({ forbidden }) => forbidden)),
  };
}

/**
 * Reads one value: `A,B`, with `forbidden` also `A,!B`, with `anyOf` also `in:A,B`. Names are stripped of blanks and
 * not looked up; each comes out once. The messages say `'required'` whatever the key was.
 *
 * @throws Invalid if the value is not well formed or says what `syntax` doesn't allow
 */
export function parseRequired(value: string, syntax: TraitSyntax): TraitConditions {
  return value.startsWith('in:') ? parseAnyOf(value, syntax) : parseAllOf(value, syntax);
}

function parseAnyOf(value: string, syntax: TraitSyntax): TraitConditions {
  if (!syntax.anyOf) {
    throw new InvalidQuery(`${PREFIX}The format '${ANY_FORM}' only supported since microversion 1.39. Got: ${value}`);
  }
  const names = namesIn(value.slice('in:'.length));
  if (names.includes('')) throw emptyName(ANY_FORM, value);
  if (names.some((name) => name.startsWith('!'))) {
    throw new InvalidQuery(`${PREFIX}The format '${ANY_FORM}' does not support forbidden traits. Got: ${value}`);
  }
  return { required: [names], forbidden: [] };
}

function parseAllOf(value: string, syntax: TraitSyntax): TraitConditions {
  const form = syntax.forbidden ? FORBIDDEN_FORM : PLAIN_FORM;
  const names = namesIn(value);
  // A mark without a name is empty, also where there are no marks yet.
  if (names.some((name) => /^!*$/.test(name))) throw emptyName(form, value);
  const marked = names.filter((name) => name.startsWith('!'));
  if (marked.length > 0 && !syntax.forbidden) throw new InvalidQuery(`${expected(form)}Got: ${value}`);
  const forbidden = unique(marked.map((name) => name.replace(/^!+/, '')));
  return { required: names.filter((name) => !name.startsWith('!')).map((name) => [name]), forbidden };
}

function namesIn(list: string): readonly string[] {
  return unique(list.split(',').map((name) => name.trim()));
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function expected(form: string): string {
  return `${PREFIX}Expected 'required' parameter value of the form: ${form}. `;
}

function emptyName(form: string, value: string): Invalid {
  return new InvalidQuery(`${expected(form)}Got an empty trait in: ${value}`);
}
