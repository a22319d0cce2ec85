import { isOfItsType, judge, regexOf, shown, undeclaredNames } from './judge.js';
import type { Judgement } from './judge.js';
import type { JsonSchema } from './json-schema.js';

/** One step of a path: a keyword, a property name or an index. */
export type Step = string | number;

/** A violation and where it is: `schemaPath` leads to the schema broken, `instancePath` to the value that breaks it. */
export interface Violation extends Judgement {
  readonly schema: JsonSchema;
  readonly schemaPath: readonly Step[];
  readonly value: unknown;
  readonly instancePath: readonly Step[];
}

/** A path while walking, last step first: a step costs one small object, whatever the length of the way to it. */
interface Trail {
  readonly before: Trail | undefined;
  readonly step: Step;
}

interface Spot {
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly schemaTrail: Trail | undefined;
  readonly instanceTrail: Trail | undefined;
}

/** One depth-first walk; `reached` tells whether the document goes down to the wanted depth at all. */
interface Walk {
  reached: boolean;
  /** The first that was found, where it may give way to one of a kind that is told before it. */
  first: Violation | undefined;
}

/**
 * The violation to report, or undefined if `value` obeys `schema`: the one nearest to the document's root and, on equal
 * depth, the first of a wrong type, or else the first in the order of the schema (spec errors.md §4).
 *
 * Walks once per depth and keeps no list: a body of a million bad entries has a million violations, of which one is told.
 */
export function findViolation(schema: JsonSchema, value: unknown): Violation | undefined {
  const root: Spot = { schema, value, schemaTrail: undefined, instanceTrail: undefined };
  for (let depth = 0; ; depth += 1) {
    const walk: Walk = { reached: false, first: undefined };
    const found = findAt(root, depth, walk) ?? walk.first;
    if (found !== undefined || !walk.reached) return found;
  }
}

/** The first violation of that depth that nothing comes before; others are left in `walk`. */
function findAt(spot: Spot, depth: number, walk: Walk): Violation | undefined {
  if (depth > 0) {
    for (const member of membersOf(spot)) {
      const found = findAt(member, depth - 1, walk);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  walk.reached = true;
  // Where one is found, only types are looked at: of a million violations one gets a text.
  if (walk.first !== undefined && isOfItsType(spot.schema, spot.value)) return undefined;
  const judgement = judge(spot.schema, spot.value);
  const found = judgement === undefined ? noAlternative(spot) : violationAt(spot, judgement);
  if (found?.keyword === 'type') return found;
  walk.first ??= found;
  return undefined;
}

function violationAt({ schema, value, schemaTrail, instanceTrail }: Spot, judgement: Judgement): Violation {
  return { ...judgement, schema, value, schemaPath: stepsOf(schemaTrail), instancePath: stepsOf(instanceTrail) };
}

function stepsOf(trail: Trail | undefined): Step[] {
  const steps: Step[] = [];
  for (let at = trail; at !== undefined; at = at.before) steps.unshift(at.step);
  return steps;
}

/** The members of a value, each with the schema it must obey, in the order in which violations are reported. */
function* membersOf({ schema, value, schemaTrail, instanceTrail }: Spot): Generator<Spot> {
  if (typeof value !== 'object' || value === null) return;
  const member = (inner: JsonSchema, trail: Trail, name: Step, memberValue: unknown): Spot => {
    return {
      schema: inner,
      value: memberValue,
      schemaTrail: trail,
      instanceTrail: { before: instanceTrail, step: name },
    };
  };
  const keyword = (step: keyof JsonSchema): Trail => ({ before: schemaTrail, step });
  if (Array.isArray(value)) {
    if (schema.items === undefined) return;
    for (const [index, item] of value.entries()) yield member(schema.items, keyword('items'), index, item);
    return;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(members, name)) continue;
    yield member(inner, { before: keyword('properties'), step: name }, name, members[name]);
  }
  for (const [pattern, inner] of Object.entries(schema.patternProperties ?? {})) {
    const regex = regexOf(pattern);
    const trail: Trail = { before: keyword('patternProperties'), step: pattern };
    for (const [name, memberValue] of Object.entries(members)) {
      if (regex.test(name)) yield member(inner, trail, name, memberValue);
    }
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties !== 'object') return;
  for (const name of undeclaredNames(schema, members)) {
    yield member(additionalProperties, keyword('additionalProperties'), name, members[name]);
  }
}

/**
 * `anyOf`: undefined if an alternative fits. If the value has the type of exactly one alternative, what is wrong with it
 * there says more than that none fits.
 */
function noAlternative(spot: Spot): Violation | undefined {
  const { anyOf } = spot.schema;
  if (anyOf === undefined) return undefined;
  // Placement tells both ways as seen from there, and has such values only at the top of a body. Others are told in full.
  const orNull = anyOf.some(({ type }) => type === 'null');
  const ofItsType: Violation[] = [];
  for (const [index, inner] of anyOf.entries()) {
    const found = findViolation(inner, spot.value);
    if (found === undefined) return undefined;
    if (found.keyword === 'type' && found.instancePath.length === 0) continue;
    if (orNull) {
      ofItsType.push({ ...found, schemaPath: [index, ...found.schemaPath] });
      continue;
    }
    const schemaPath = [...stepsOf(spot.schemaTrail), 'anyOf', index, ...found.schemaPath];
    ofItsType.push({ ...found, schemaPath, instancePath: [...stepsOf(spot.instanceTrail), ...found.instancePath] });
  }
  const [only, another] = ofItsType;
  if (only !== undefined && another === undefined) return only;
  return violationAt(spot, {
    keyword: 'anyOf',
    short: `${shown(spot.value)} is not valid under any of the given schemas`,
  });
}
