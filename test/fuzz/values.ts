import type { Random } from '../support/random.js';
import type { Schema } from './document.js';
import { uuidOf, type World } from './world.js';

/** Generations that things have after a few changes. */
const MAX_GENERATION = 8;

/** Values that a schema allows, made of the names of a living world, so that deep code is reached. */
export class Values {
  constructor(
    private readonly random: Random,
    private readonly world: World,
  ) {}

  /** A value that the schema takes, as a rule; `name`: of the member it is for. */
  of(schema: Schema, name = ''): unknown {
    const { random } = this;
    if (schema.enum !== undefined) return random.pick(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.of(random.pick(choices), name);
    const types = schema.type === undefined ? ['string'] : [schema.type].flat();
    switch (random.pick(types)) {
      case 'object':
        return this.object(schema);
      case 'array':
        return Array.from({ length: random.between(schema.minItems ?? 0, 3) }, () => this.of(schema.items ?? {}, name));
      case 'integer':
        return this.integer(schema, name);
      case 'number':
        return random.next() * 10;
      case 'boolean':
        return random.happens(0.5);
      case 'null':
        return null;
      default:
        return this.text(schema, name);
    }
  }

  /** A uuid of something that there is, or of nothing. */
  uuid(name = ''): string {
    const { random, world } = this;
    if (random.happens(0.1)) return uuidOf(random);
    if (name.includes('consumer')) return random.pick(world.consumers);
    if (name.includes('aggregate')) return random.pick(world.aggregates);
    return random.pick(random.happens(0.7) ? world.providers : [...world.consumers, ...world.aggregates]);
  }

  private object({ properties = {}, patternProperties = {}, required = [], minProperties = 0 }: Schema): object {
    const { random } = this;
    const named = Object.entries(properties)
      .filter(([key]) => required.includes(key) || random.happens(0.6))
      .map(([key, schema]) => [key, this.of(schema, key)]);
    const free = Object.entries(patternProperties).flatMap(([pattern, schema]) =>
      Array.from({ length: random.between(minProperties, 3) }, () => [this.key(pattern), this.of(schema)]),
    );
    return Object.fromEntries([...named, ...free]) as object;
  }

  private key(pattern: string): string {
    if (pattern.includes('{36}')) return this.uuid();
    if (pattern.includes('A-Z0-9_')) return this.random.pick(this.world.classes);
    return this.random.pick(['', '1', '_A', 'resources', 'required', 'limit', ...this.world.names]);
  }

  private integer({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema, name: string): number {
    if (/generation/.test(name)) return this.random.between(0, MAX_GENERATION);
    if (/_ms$|_seconds$/.test(name)) return minimum;
    return Math.min(maximum, minimum + this.random.between(0, this.random.happens(0.2) ? 10_000 : 4));
  }

  private text({ format, pattern = '' }: Schema, name: string): string {
    const { random, world } = this;
    if (format === 'uuid' || /uuid|aggregates|mappings/.test(name)) return this.uuid(name);
    if (/trait|required/.test(name)) return random.pick(world.traits);
    if (pattern.includes('A-Z0-9_') || /class|type/.test(name)) return random.pick(world.classes);
    if (name === 'owner') return random.pick(world.owners);
    if (name === 'name')
      return random.happens(0.5) ? `CUSTOM_N${random.between(0, 99)}` : `host ${random.between(0, 30)}`;
    return random.pick([...world.names, `held(${random.pick(world.names)})`, 'p', 'u']);
  }
}
