import { availableParallelism } from 'node:os';

/** `npm run soak:properties` says so; the properties themselves don't know. */
const HOLDS_LONGER = process.env['BERTH_PROPERTY_SECONDS'] !== undefined;

/** @type {import('jest').Config} */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  moduleNameMapper: {
    ...(HOLDS_LONGER ? { '^fast-check$': '<rootDir>/test/support/longer-properties.mjs' } : {}),
    '^#berth/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

/** Stories start servers and clone databases: on a busy machine that alone may take longer than Jest's 5 s. */
const STORY_LIMIT_MS = 120_000;

const withDatabase = {
  ...shared,
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

/** The same races in two shapes; `Shape` in test/races/two-processes.ts. */
const races = (displayName, berthRaceShape) => ({
  ...withDatabase,
  displayName,
  globals: { berthRaceShape },
  testMatch: ['<rootDir>/test/races/**/*.race-spec.ts'],
});

/** Which worker has a connection is read from /proc: without it nobody could tell whether writers meet. */
const WORKERS_CAN_BE_TOLD = process.platform === 'linux';

export default {
  watchman: false,
  // Jest reads it here, not in a project.
  testTimeout: STORY_LIMIT_MS,
  // Each worker runs servers of its own beside it: more of them than this only wait for each other.
  maxWorkers: Math.min(4, availableParallelism()),
  // ES modules are never unloaded from a worker: start a fresh one before the old one grows out of hand.
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/test/differential/**/*.spec.ts'],
    },
    { ...shared, displayName: 'architecture', testMatch: ['<rootDir>/test/architecture/**/*.spec.ts'] },
    { ...withDatabase, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.spec.ts'] },
    { ...withDatabase, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
    races('races', 'servers'),
    ...(WORKERS_CAN_BE_TOLD ? [races('races-workers', 'workers')] : []),
    { ...withDatabase, displayName: 'locks', testMatch: ['<rootDir>/test/locks/**/*.lock-spec.ts'] },
    { ...withDatabase, displayName: 'fuzz', testMatch: ['<rootDir>/test/fuzz/**/*.fuzz-spec.ts'] },
    { ...withDatabase, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.fault-spec.ts'] },
  ],
};
