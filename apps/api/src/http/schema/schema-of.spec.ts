import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { FaultsInOrder, IsIntOrNull, IsUuidLike, IsUuidOrNull, MapOf, MayBeAbsent, WholeBody } from './decorators.js';
import type { JsonSchema } from './json-schema.js';
import { schemaOf } from './schema-of.js';

const UUID = { type: 'string', format: 'uuid' };

class Inner {
  @IsBoolean()
  readonly flag!: boolean;
}

const INNER = {
  type: 'object',
  properties: { flag: { type: 'boolean' } },
  required: ['flag'],
  additionalProperties: false,
};

describe('schemaOf', () => {
  it('knows each decorator', () => {
    class Body {
      @IsString() @MinLength(1) @MaxLength(2) @Matches(/^a/) a!: string;
      @IsInt() @Min(1) @Max(2) b!: number;
      @IsNumber() c!: number;
      @IsString() @Length(3, 4) d!: string;
      @IsArray() @ArrayMinSize(1) @ArrayMaxSize(2) @ArrayUnique() @IsUuidLike({ each: true }) e!: string[];
      @IsString() @IsIn(['x', 'y']) f!: string;
      @IsObject() @ValidateNested() @Type(() => Inner) g!: Inner;
      @IsArray() @ValidateNested({ each: true }) @IsObject({ each: true }) @Type(() => Inner) h!: Inner[];
      @IsUuidOrNull() i!: string | null;
      @IsIntOrNull() j!: number | null;
      @MapOf(/^x$/, () => Inner, { minProperties: 1 }) k!: Record<string, Inner>;
    }
    expect(schemaOf(Body)).toEqual({
      type: 'object',
      properties: {
        a: { type: 'string', minLength: 1, maxLength: 2, pattern: '^a' },
        b: { type: 'integer', minimum: 1, maximum: 2 },
        c: { type: 'number' },
        d: { type: 'string', minLength: 3, maxLength: 4 },
        e: { type: 'array', minItems: 1, maxItems: 2, uniqueItems: true, items: UUID },
        f: { type: 'string', enum: ['x', 'y'] },
        g: INNER,
        h: { type: 'array', items: INNER },
        i: { anyOf: [UUID, { type: 'null' }] },
        j: { type: ['integer', 'null'] },
        k: { type: 'object', minProperties: 1, patternProperties: { '^x$': INNER }, additionalProperties: false },
      },
      required: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'],
      additionalProperties: false,
    });
  });

  it('tells absent from null', () => {
    class Body {
      @MayBeAbsent() @IsInt() absent?: number;
      @IsOptional() @IsInt() absentOrNull?: number | null;
    }
    expect(schemaOf(Body)).toEqual({
      type: 'object',
      properties: { absent: { type: 'integer' }, absentOrNull: { anyOf: [{ type: 'integer' }, { type: 'null' }] } },
      additionalProperties: false,
    });
  });

  it('lets a map refuse, ignore or hold to the rule the keys outside its pattern', () => {
    const others = (otherKeys: 'refused' | 'unchecked' | 'same'): JsonSchema['additionalProperties'] => {
      class Body {
        @WholeBody() @MapOf(/^x$/, () => Inner, { otherKeys }) map!: Record<string, Inner>;
      }
      return schemaOf(Body).additionalProperties;
    };
    expect([others('refused'), others('unchecked'), others('same')]).toEqual([false, undefined, INNER]);
  });

  it('takes a whole body from its property', () => {
    class Numbers {
      @WholeBody() @IsArray() @IsInt({ each: true }) numbers!: number[];
    }
    class Inherited extends Numbers {}
    expect(schemaOf(Inherited)).toEqual({ type: 'array', items: { type: 'integer' } });
  });

  it('keeps inherited properties first, and the place of one declared again', () => {
    class Base {
      @IsInt() @Min(1) a!: number;
      @IsInt() b!: number;
    }
    class Derived extends Base {
      @IsInt() c!: number;
      @IsString() override a!: never;
    }
    const { properties, required } = schemaOf(Derived);
    expect(required).toEqual(['a', 'b', 'c']);
    expect(Object.entries(properties ?? {})).toEqual([
      ['a', { type: 'string' }],
      ['b', { type: 'integer' }],
      ['c', { type: 'integer' }],
    ]);
  });
});

describe('schemaOf of a class that says in what order its faults are told', () => {
  class Base {
    @IsInt() a!: number;
    @MayBeAbsent() @IsInt() b?: number;
  }

  it('puts unknown keys before missing ones, for the classes that extend it, too', () => {
    @FaultsInOrder({ unknownKeysFirst: true })
    class Strict extends Base {}
    class Derived extends Strict {
      @IsInt() c!: number;
    }
    for (const one of [Strict, Derived]) {
      expect(Object.keys(schemaOf(one))).toEqual(['type', 'properties', 'additionalProperties', 'required']);
    }
    expect(Object.keys(schemaOf(Base))).toEqual(['type', 'properties', 'required', 'additionalProperties']);
  });

  it('puts some properties before those that are inherited', () => {
    @FaultsInOrder({ first: ['c'] })
    class Derived extends Base {
      @IsInt() c!: number;
      @IsInt() d!: number;
    }
    const { properties, required } = schemaOf(Derived);
    expect(Object.keys(properties ?? {})).toEqual(['c', 'a', 'b', 'd']);
    expect(required).toEqual(['a', 'c', 'd']);
  });
});

describe('schemaOf refuses to guess', () => {
  class UnknownDecorator {
    @IsString() @IsUUID() id!: string;
  }
  class OwnCondition {
    @ValidateIf(() => false) @IsString() id!: string;
  }
  class Groups {
    @IsString({ groups: ['a'] }) id!: string;
  }
  class NoType {
    @Min(1) id!: number;
  }
  class NoItemType {
    @IsArray() @Length(1, 2, { each: true }) id!: string[];
  }
  class TwoTypes {
    @IsString() @IsInt() id!: never;
  }
  class Flags {
    @IsString() @Matches(/a/i) id!: string;
  }
  class Decimals {
    @IsNumber({ maxDecimalPlaces: 2 }) id!: number;
  }
  class NoNestedType {
    @ValidateNested() id!: object;
  }
  class Besides {
    @WholeBody() @IsInt() id!: number;
    @IsInt() other!: number;
  }
  class Nothing {}

  it.each([
    [UnknownDecorator, "UnknownDecorator.id: decorator 'isUuid' is not supported"],
    [OwnCondition, 'OwnCondition.id: a condition of its own is not supported'],
    [Groups, 'Groups.id: validation groups are not supported'],
    [NoType, 'NoType.id: no decorator says its type'],
    [NoItemType, 'NoItemType.id[]: no decorator says its type'],
    [TwoTypes, 'TwoTypes.id: two decorators differ on type'],
    [Flags, 'Flags.id: flags of /a/i are not supported'],
    [Decimals, 'Decimals.id: options of IsNumber are not supported'],
    [NoNestedType, 'NoNestedType.id: ValidateNested needs Type beside it'],
    [Besides, 'Besides.other: nothing stands beside the body, id'],
    [Nothing, 'Nothing declares nothing'],
  ])('%p', (bodyClass, text) => {
    expect(() => schemaOf(bodyClass)).toThrow(text);
  });
});
