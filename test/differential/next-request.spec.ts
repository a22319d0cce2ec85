import { describe, expect, it } from '@jest/globals';
import { Random } from '../support/random.js';
import { ENDPOINTS } from '../e2e/http-endpoints.js';
import { nextRequest } from './next-request.js';
import { State } from './state.js';

const REQUESTS = 6_000;

const withoutNames = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

function requests(seed: number, count: number) {
  const random = new Random(seed);
  const state = new State(random);
  const inventory = { total: 8, reserved: 0, min_unit: 1, max_unit: 8, step_size: 1, allocation_ratio: 1 };
  for (let at = 0; at < 3; at += 1) {
    state.providers.set(state.uuid(), {
      ...{ name: state.name(), parent: null, generation: 1, traits: [], aggregates: [] },
      inventories: { VCPU: inventory, DISK_GB: inventory },
    });
  }
  return Array.from({ length: count }, () => nextRequest({ random, state }));
}

describe('the requests of the differential fuzzer', () => {
  const made = requests(1, REQUESTS);

  it('name every endpoint, at its first version and at the last', () => {
    const seen = new Set(
      made.map(({ route, headers }) => `${withoutNames(route)} ${headers['openstack-api-version'] ?? 'placement 1.0'}`),
    );
    const missing = ENDPOINTS.flatMap(({ method, path }) =>
      seen.has(`${method} ${withoutNames(path)} placement 1.39`) ? [] : [`${method} ${path}`],
    );
    expect(missing).toEqual([]);
  });

  it('speak every version, and none', () => {
    const versions = new Set(made.map(({ headers }) => headers['openstack-api-version']));
    for (let minor = 1; minor <= 39; minor += 1) expect(versions).toContain(`placement 1.${minor}`);
    expect(versions).toContain(undefined);
    expect(versions).toContain('placement 1.40');
  });

  it('are the same for the same seed, and others for another', () => {
    expect(requests(1, 200)).toEqual(made.slice(0, 200));
    expect(requests(2, 200)).not.toEqual(made.slice(0, 200));
  });

  it('are mostly in order', () => {
    const broken = made.filter(({ body }) => {
      try {
        if (body !== undefined) JSON.parse(body.toString());
        return false;
      } catch {
        return true;
      }
    });
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.length / made.length).toBeLessThan(0.1);
  });
});
