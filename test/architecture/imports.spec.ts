import { describe, expect, it } from '@jest/globals';
import { checkImports, VIOLATIONS } from './import-walls.js';
import { ROOMS } from './house.js';
import { PROJECT, readSources, type SourceFile } from './source-files.js';
import { importsOf } from './source-imports.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

describe('the walls of the house', () => {
  it('are respected by every import of every room', () => {
    const files = readSources();
    expect(files.some(({ path }) => path.startsWith('libs/domain/src/'))).toBe(true);
    expect(checkImports(files).map(({ message }) => message)).toEqual([]);
  });

  it('lead down only: no room imports one on its own floor or above', () => {
    const floors = new Map(ROOMS.map(({ folder, floor }) => [folder, floor]));
    for (const { folder, floor, imports, wiringImports = [] } of ROOMS) {
      for (const below of [...imports, ...wiringImports]) {
        expect({ folder, below, down: (floors.get(below) ?? Infinity) < floor }).toEqual({ folder, below, down: true });
      }
    }
  });

  it('have a door for each library that package.json opens', () => {
    const { imports } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as {
      imports: Record<string, { types: string; default: string }>;
    };
    for (const [alias, door] of Object.entries(imports)) {
      const folder = alias.replace(/^#berth\//, 'libs/');
      expect(ROOMS.map((room) => room.folder)).toContain(folder);
      expect(door).toEqual({ types: `./${folder}/src/index.ts`, default: `./dist/${folder}/src/index.js` });
    }
  });
});

describe('the reader of imports', () => {
  it('sees every form of import and nothing in comments or strings', () => {
    const text = `
      import './a.js';
      import b from './b.js';
      import type { C } from './c.js';
      export * from './d.js';
      export type { E } from './e.js';
      const f = await import('./f.js');
      type G = import('./g.js').G;
      const h = require('./h.js');
      import i = require('./i.js');
      const j = await import(\`./j.js\`);
      const computed = await import('./' + name);
      // import './not-this.js';
      const notThis = "import './nor-this.js'";
      export const k = 1;
    `;
    expect(importsOf({ path: 'fixture.ts', text }).map(({ specifier }) => specifier)).toEqual([
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => `./${name}.js`),
      undefined,
    ]);
  });

  it('says in which line', () => {
    expect(importsOf({ path: 'fixture.ts', text: `\n\nimport { a } from './a.js';` })).toEqual([
      { specifier: './a.js', line: 3 },
    ]);
  });
});

const BROKEN: readonly (readonly [(typeof VIOLATIONS)[number], string, string])[] = [
  ['room', 'apps/api/src/traits/traits.controller.ts', `import { openDataSource } from '#berth/store';`],
  ['room', 'apps/api/src/main.ts', `import { search } from '#berth/candidates';`],
  ['room', 'apps/console/src/page.tsx', `import { Invalid } from '#berth/domain';`],
  ['room', 'libs/placement/src/traits/traits.service.ts', `import type { Client } from '#berth/client';`],
  ['room', 'libs/locks/src/lease.ts', `export { search } from '#berth/candidates';`],
  ['room', 'libs/candidates/src/search.ts', `const store = await import('#berth/store');`],
  ['room', 'libs/store/src/sql.ts', `type S = import('#berth/placement').TraitsService;`],
  ['room', 'libs/domain/src/trait.ts', `import { run } from '#berth/store';`],
  ['room', 'libs/client/src/client.ts', `import { Invalid } from '#berth/domain';`],
  ['room', 'migrations/1-things.ts', `import { STANDARD_TRAITS } from '#berth/domain';`],
  ['room', 'libs/store/src/sql.ts', `import { a } from '#berth/attic';`],
  ['door', 'libs/placement/src/traits/traits.service.ts', `import { run } from '#berth/store/src/sql.js';`],
  ['own-alias', 'libs/store/src/sql.ts', `import { migrate } from '#berth/store';`],
  ['leaves-room', 'libs/placement/src/index.ts', `export { run } from '../../store/src/sql.js';`],
  ['leaves-room', 'apps/cli/src/main.ts', `import '../../api/src/main.js';`],
  ['leaves-room', 'libs/store/src/sql.ts', `import '../../../test/support/database.js';`],
  ['leaves-room', 'libs/store/src/sql.ts', `import '/srv/sql.js';`],
  ['noun', 'apps/api/src/traits/traits.view.ts', `import { a } from '../usages/usages.view.js';`],
  ['noun', 'apps/api/src/http/endpoint.ts', `import { a } from '../usages/usages.view.js';`],
  ['noun', 'apps/api/src/traits/traits.view.spec.ts', `import { a } from '../usages/usages.view.js';`],
  ['noun', 'apps/api/src/config.ts', `import { a } from './usages/usages.view.js';`],
  ['noun', 'libs/placement/src/traits/traits.service.ts', `import type { A } from '../usages/usages.service.js';`],
  ['outside', 'libs/placement/src/traits/traits.service.ts', `import { DataSource } from 'typeorm';`],
  ['outside', 'apps/api/src/app.module.ts', `import { TypeOrmModule } from '@nestjs/typeorm';`],
  ['outside', 'apps/cli/src/main.ts', `import pg from 'pg';`],
  ['outside', 'libs/placement/src/traits/traits.service.ts', `import { IsInt } from 'class-validator';`],
  ['outside', 'libs/store/src/sql.ts', `import fastify from 'fastify';`],
  ['outside', 'libs/placement/src/placement.module.ts', `import '@nestjs/platform-fastify';`],
  ['outside', 'libs/domain/src/trait.ts', `import { Injectable } from '@nestjs/common';`],
  ['outside', 'libs/candidates/src/search.ts', `import '@nestjs/common/decorators/core.js';`],
  ['builtin', 'libs/candidates/src/search.ts', `import { readFileSync } from 'node:fs';`],
  ['builtin', 'libs/domain/src/trait.ts', `import { randomUUID } from 'crypto';`],
  ['test-package', 'libs/domain/src/trait.ts', `import { expect } from '@jest/globals';`],
  ['extension', 'libs/store/src/sql.ts', `import { a } from './transaction';`],
  ['computed', 'libs/store/src/sql.ts', `const a = await import(name);`],
];

const SOUND: readonly (readonly [string, string])[] = [
  ['apps/api/src/app.module.ts', `import { StoreModule } from '#berth/store'; import './traits/traits.controller.js';`],
  ['apps/api/src/traits/traits.controller.ts', `import { a } from '../http/endpoint.js'; import '#berth/placement';`],
  ['apps/api/src/traits/traits.dto.ts', `import { IsInt } from 'class-validator'; import './traits.view.js';`],
  ['apps/api/src/http/filters/in-tree.filter.ts', `import { a } from '../query-pairs.js';`],
  ['apps/api/src/http/schema/schema-of.spec.ts', `import { A } from '../../traits/traits.dto.js';`],
  ['apps/cli/src/main.ts', `import '#berth/store'; const m = await import(platformPackage);`],
  ['libs/placement/src/index.ts', `export { A } from './traits/traits.service.js';`],
  [
    'libs/placement/src/traits/traits.service.ts',
    `import { Injectable } from '@nestjs/common'; import '#berth/store';`,
  ],
  ['libs/candidates/src/search.ts', `import assert from 'node:assert/strict'; import '#berth/domain';`],
  ['libs/candidates/src/search.spec.ts', `import fc from 'fast-check'; import { it } from '@jest/globals';`],
  ['libs/candidates/test-support/worlds.ts', `import fc from 'fast-check'; import '../src/search.js';`],
  ['libs/store/src/sql.ts', `import pg from 'pg'; import { TypeOrmModule } from '@nestjs/typeorm';`],
  ['migrations/1-things.ts', `import type { QueryRunner } from 'typeorm';`],
  ['test/e2e/story.e2e-spec.ts', `import '../../libs/store/src/sql.js'; import pg from 'pg';`],
];

describe('the test of the walls', () => {
  const source = (path: string, text: string): SourceFile => ({ path, text });

  it.each(BROKEN)('reports a violation of kind %s in %s: %s', (kind, path, text) => {
    const found = checkImports([source(path, text)]);
    expect(found.map((violation) => violation.kind)).toEqual([kind]);
    expect(found[0]?.message).toMatch(new RegExp(`^${path}:1 imports .+: .{20,}`));
  });

  it('has an example of every kind of violation', () => {
    expect([...new Set(BROKEN.map(([kind]) => kind))].sort()).toEqual([...VIOLATIONS].sort());
  });

  it.each(SOUND)('leaves %s alone: %s', (path, text) => {
    expect(checkImports([source(path, text)])).toEqual([]);
  });

  it('finds the one broken file in a tree of sound ones', () => {
    const tree = SOUND.map(([path, text]) => source(path, text));
    const broken = source('libs/store/src/late.ts', `import '#berth/placement';`);
    expect(checkImports([...tree, broken])).toHaveLength(1);
  });
});
