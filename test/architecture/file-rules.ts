import type { SourceFile } from './source-files.js';

/** A file that grows past it holds two nouns or two duties. */
const MAX_LINES = 320;

const WORD = '[a-z0-9]+';
const KEBAB = `${WORD}(-${WORD})*`;
/** `noun.role.ts`, kebab-case; a microversion may stand in the name of a story (`allocations-1.28.e2e-spec.ts`). */
const FILE_NAME = new RegExp(`^${KEBAB}(\\.${KEBAB})*\\.(ts|tsx|mts|mjs)$`);
const FOLDER_NAME = new RegExp(`^${KEBAB}$`);

/** A thing without a room has not been understood yet. */
const NO_ROOM = new Set(['util', 'utils', 'common', 'shared', 'helper', 'helpers', 'misc']);

/** Where each Jest project looks; a spec elsewhere would never run and never fail. */
const SPEC_PLACES: readonly RegExp[] = [
  /^(apps|libs)\/.+\.spec\.tsx?$/,
  /^test\/(architecture|differential|integration)\/.+\.spec\.ts$/,
  /^test\/e2e\/.+\.e2e-spec\.ts$/,
  /^test\/races\/.+\.race-spec\.ts$/,
  /^test\/faults\/.+\.fault-spec\.ts$/,
  /^test\/fuzz\/.+\.fuzz-spec\.ts$/,
  /^test\/locks\/.+\.lock-spec\.ts$/,
];

/** Doors of parts that are not rooms. This list only shrinks. */
const EXTRA_DOORS = new Set(['apps/api/src/http/schema/index.ts']);

/** What is wrong with the size, the name or the place of a file: a sentence each, nothing if all is well. */
export function checkFile({ path, text }: SourceFile): string[] {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const problems: string[] = [];
  if (lines > MAX_LINES) problems.push(`has ${lines} lines, over ${MAX_LINES}: it holds two nouns or two duties`);
  if (!FILE_NAME.test(name)) problems.push('is not named noun.role.ts in kebab-case');
  for (const folder of folders) if (!FOLDER_NAME.test(folder)) problems.push(`lies in ${folder}, not kebab-case`);
  for (const part of [...folders, name.split('.')[0] ?? '']) {
    if (NO_ROOM.has(part)) problems.push(`"${part}" says nothing: a thing without a room has not been understood yet`);
  }
  if (/[.-](spec|test)\.\w+$/.test(name) && !SPEC_PLACES.some((place) => place.test(path))) {
    problems.push('is a test that no project of jest.config.mjs runs: it would never fail');
  }
  if (name === 'index.ts') problems.push(...checkDoor(path, text));
  return problems.map((problem) => `${path} ${problem}`);
}

function checkDoor(path: string, text: string): string[] {
  if (EXTRA_DOORS.has(path)) return [];
  if (!/^(apps|libs)\/[^/]+\/src\/index\.ts$/.test(path)) return ['is a barrel: only a room has a door, src/index.ts'];
  return text.startsWith('/**') ? [] : ['is the door of a room and must open with what the room promises'];
}
