import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { OUTSIDE, type Room, roomOfAlias, ROOMS, TEST_PACKAGES } from './house.js';
import { isTestPath, type SourceFile } from './source-files.js';
import { importsOf } from './source-imports.js';

/** Kinds of violations; the test of the test holds one example of each. */
export const VIOLATIONS = [
  'room',
  'door',
  'own-alias',
  'leaves-room',
  'noun',
  'outside',
  'builtin',
  'test-package',
  'extension',
  'computed',
] as const;

export interface Violation {
  readonly kind: (typeof VIOLATIONS)[number];
  /** `path:line imports specifier: reason`. */
  readonly message: string;
}

type Finding = readonly [Violation['kind'], string] | undefined;

/** Every import of `files` that goes through a wall. Files outside the rooms (tests of the whole) are not judged. */
export function checkImports(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => {
    const room = ROOMS.find(({ folder }) => file.path.startsWith(`${folder}/`));
    if (!room) return [];
    return importsOf(file).flatMap(({ specifier, line }) => {
      const finding = specifier === undefined ? computed(room) : judge(room, file.path, specifier);
      if (!finding) return [];
      const [kind, reason] = finding;
      return [{ kind, message: `${file.path}:${line} imports ${specifier ?? 'a computed name'}: ${reason}` }];
    });
  });
}

function judge(room: Room, path: string, specifier: string): Finding {
  if (specifier.startsWith('#')) return judgeAlias(room, path, specifier);
  if (specifier.startsWith('.')) return judgeRelative(room, path, specifier);
  if (specifier.startsWith('/') || specifier.startsWith('file:')) {
    return ['leaves-room', 'a path of one machine: import the room, #berth/<room>'];
  }
  return isBuiltin(specifier) ? judgeBuiltin(room, path, specifier) : judgeOutside(room, path, specifier);
}

function judgeAlias(room: Room, path: string, specifier: string): Finding {
  const [alias, name = '', ...inside] = specifier.split('/');
  const target = roomOfAlias(name);
  if (alias !== '#berth' || !ROOMS.some(({ folder }) => folder === target)) {
    return ['room', `there is no such room; the rooms are ${ROOMS.map(({ folder }) => folder).join(', ')}`];
  }
  if (inside.length > 0)
    return ['door', `a room is entered by its door: import #berth/${name}, never a file inside it`];
  if (target === room.folder) return ['own-alias', 'inside a room import the file itself, with .js'];
  if (room.imports.includes(target)) return undefined;
  if (room.wiringImports?.includes(target) && isWiring(room, path)) return undefined;
  return ['room', room.why];
}

function judgeRelative(room: Room, path: string, specifier: string): Finding {
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith(`${room.folder}/`)) {
    return ['leaves-room', 'a relative import never leaves its room: import #berth/<room>, or leave it alone'];
  }
  if (!/\.m?js$/.test(specifier)) return ['extension', 'the project is ESM: name the file, with .js'];
  if (!room.nouns || isWiring(room, path)) return undefined;
  const [from, to] = [nounOf(room, path), nounOf(room, target)];
  if (to === undefined || to === from || room.nouns.shared.includes(to)) return undefined;
  // A spec of what all nouns use may try it on all of them: it ships nothing.
  if (from !== undefined && room.nouns.shared.includes(from) && isTestPath(path)) return undefined;
  return [
    'noun',
    `noun folders do not import each other, and nothing but ${room.wiring?.join(', ')} imports them: ` +
      'what two of them share is a rule (libs/domain), a statement (libs/store) or an edge matter (apps/api/src/http)',
  ];
}

function judgeBuiltin(room: Room, path: string, specifier: string): Finding {
  if (!room.builtins || isTestPath(path) || room.builtins.includes(specifier.replace(/^node:/, ''))) return undefined;
  return ['builtin', room.why];
}

function judgeOutside(room: Room, path: string, specifier: string): Finding {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (TEST_PACKAGES.test(name)) {
    return isTestPath(path) ? undefined : ['test-package', 'a package for tests: what ships does not need it'];
  }
  const rule = OUTSIDE.find(({ packages }) => packages.test(name));
  if (!rule || rule.rooms.includes(room.folder)) return undefined;
  return ['outside', rule.why];
}

/** A name computed at run time goes past every wall. Commands may look for a platform's package; libraries may not. */
function computed(room: Room): Finding {
  return room.folder === 'apps/cli' ? undefined : ['computed', 'no wall can see a computed name: write it out'];
}

function isWiring(room: Room, path: string): boolean {
  return room.wiring?.includes(path.slice(room.folder.length + 1)) ?? false;
}

/** The folder under `src/` that a path lies in; undefined for files directly in `src/` and outside of it. */
function nounOf(room: Room, path: string): string | undefined {
  const [src, noun, file] = path.slice(room.folder.length + 1).split('/');
  return src === 'src' && file !== undefined ? noun : undefined;
}
