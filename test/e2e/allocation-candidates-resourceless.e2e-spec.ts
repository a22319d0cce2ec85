import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORLD_C } from '../../libs/candidates/test-support/world.js';
import { World } from './allocation-candidates-world.js';
import { STORY_LIMIT_MS } from './http-story.js';

const BASE = 'resources_V=VCPU:1&same_subtree=_V,_X&group_policy=none';
const R_C = 'r(VCPU:1) | _V→r | _X→c';
const R_D = 'r(VCPU:1) | _V→r | _X→d';
const R2_C2 = 'r2(VCPU:1) | _V→r2 | _X→c2';

const MAPPED: readonly (readonly [label: string, query: string, found: readonly string[]])[] = [
  ['C1', 'required_X=CUSTOM_C', [R2_C2, R_C, R_D]],
  ['C2', 'required_X=CUSTOM_C&in_tree_X={r2}', [R2_C2, R_C, R_D]],
  ['C3', 'required_X=CUSTOM_C&in_tree_X={nobody}', []],
  ['C4, only forbidden traits', 'required_X=!CUSTOM_C', []],
  ['C4, only forbidden aggregates', 'member_of_X=!{aggA}', []],
  ['C4, only a tree', 'in_tree_X={r2}', []],
  ['C5', 'required_X=CUSTOM_C,!CUSTOM_D', [R2_C2, R_C]],
  ['C6', 'member_of_X={aggA}', [R_D]],
];

let world: World;

beforeAll(async () => {
  world = await World.open(WORLD_C);
}, STORY_LIMIT_MS);

afterAll(() => world.close());

describe('groups without resources', () => {
  it.each(MAPPED)('%s: %s', async (_label, query, found) => {
    expect((await world.search(`${BASE}&${query}`)).mapped).toEqual([...found].sort());
  });

  it('are refused where no same_subtree names them', async () => {
    const { status, body } = await world.ask('resources_V=VCPU:1&required_X=CUSTOM_C&group_policy=none');
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ code: 'placement.query.bad_value' }] });
    expect(JSON.stringify(body)).toContain("bad group(s) - ['_X'].");
  });
});
