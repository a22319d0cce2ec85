/**
 * The rooms of the house and who may import whom, as data. A change of this table wants an ADR (docs/adr); the lists
 * of exceptions only shrink.
 */
export interface Room {
  /** Folder from the project's root, without a slash at the end. */
  readonly folder: string;
  /** 5 is the top floor. Only for messages: what may be imported is `imports`. */
  readonly floor: number;
  /** Rooms that any file of this room may import. */
  readonly imports: readonly string[];
  /** Rooms that only the wiring files may import, in addition. */
  readonly wiringImports?: readonly string[];
  /** Files, from the room's folder, that put the parts together: they may import every noun folder. */
  readonly wiring?: readonly string[];
  /** Set where noun folders under `src/` must not import each other; names the folders that all of them may use. */
  readonly nouns?: { readonly shared: readonly string[] };
  /** Node's own modules; absent means all of them. */
  readonly builtins?: readonly string[];
  readonly why: string;
}

export const ROOMS: readonly Room[] = [
  {
    folder: 'apps/api',
    floor: 5,
    imports: ['libs/placement', 'libs/locks', 'libs/domain'],
    wiringImports: ['libs/store'],
    wiring: ['src/app.module.ts', 'src/main.ts'],
    nouns: { shared: ['http'] },
    why: 'apps/api is HTTP only: it calls use cases, and the database is wired in app.module.ts alone',
  },
  {
    folder: 'apps/cli',
    floor: 5,
    imports: ['libs/placement', 'libs/locks', 'libs/store', 'libs/domain', 'libs/client'],
    why: 'apps/cli is commands around the libraries; the service is a process of its own, not a library',
  },
  {
    folder: 'apps/console',
    floor: 5,
    imports: ['libs/client'],
    why: 'apps/console talks HTTP like anybody else, through libs/client',
  },
  {
    folder: 'libs/placement',
    floor: 4,
    imports: ['libs/candidates', 'libs/locks', 'libs/store', 'libs/domain'],
    wiring: ['src/index.ts', 'src/placement.module.ts', 'src/audit.module.ts'],
    nouns: { shared: [] },
    why: 'libs/placement holds the use cases: it calls the rooms below and knows nothing of HTTP',
  },
  {
    folder: 'libs/locks',
    floor: 3,
    imports: ['libs/store', 'libs/domain'],
    why: 'libs/locks knows who holds what until when; what is held for is the business of libs/placement',
  },
  {
    folder: 'libs/candidates',
    floor: 3,
    imports: ['libs/domain'],
    builtins: ['assert', 'assert/strict'],
    why: 'libs/candidates is a pure search: no I/O, and it does not know that a database exists',
  },
  {
    folder: 'libs/store',
    floor: 2,
    imports: ['libs/domain'],
    why: 'libs/store runs statements; which statement and why is decided above',
  },
  {
    folder: 'libs/domain',
    floor: 1,
    imports: [],
    builtins: ['assert', 'assert/strict'],
    why: 'libs/domain would be true on paper: it imports nothing',
  },
  {
    folder: 'libs/client',
    floor: 1,
    imports: [],
    why: 'libs/client is given to users: no code of the server',
  },
  {
    folder: 'migrations',
    floor: 1,
    imports: [],
    why: 'a migration that imports living code changes its meaning when that code does',
  },
];

/** Outside packages that have rooms of their own. The first entry whose pattern fits decides. */
export interface OutsideRule {
  readonly packages: RegExp;
  readonly rooms: readonly string[];
  readonly why: string;
}

const PURE_OR_GIVEN_AWAY = ['libs/domain', 'libs/candidates', 'libs/client', 'apps/console', 'migrations'];
const everyRoomBut = (without: readonly string[]): string[] =>
  ROOMS.map(({ folder }) => folder).filter((folder) => !without.includes(folder));

export const OUTSIDE: readonly OutsideRule[] = [
  {
    packages: /^(typeorm|pg|pg-.+|@types\/pg|@nestjs\/typeorm)$/,
    rooms: ['libs/store', 'migrations'],
    why: 'tables, SQL and connections live in libs/store and migrations: a second place would be a second truth',
  },
  {
    packages: /^(class-validator|class-transformer|fastify|fastify-.+|@fastify\/.+)$/,
    rooms: ['apps/api'],
    why: 'what a request looks like is known to apps/api alone: below it, values are checked and named already',
  },
  {
    packages: /^@nestjs\/platform-.+$|^@nestjs\/swagger$/,
    rooms: ['apps/api'],
    why: 'HTTP is known to apps/api alone',
  },
  {
    packages: /^@nestjs\/.+$/,
    rooms: everyRoomBut(PURE_OR_GIVEN_AWAY),
    why: 'domain and candidates are plain functions that run without a framework, and so is what is given away',
  },
];

/** Packages that only tests may import. */
export const TEST_PACKAGES = /^(@jest\/globals|jest|fast-check|@nestjs\/testing)$/;

/** Folder of the project for the name behind `#berth/`. */
export function roomOfAlias(name: string): string {
  return `libs/${name}`;
}
