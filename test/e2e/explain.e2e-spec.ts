import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Explained {
  readonly found: boolean;
  readonly relaxation: { readonly changes: readonly object[]; readonly query: Record<string, string> } | null;
}

const PATH = '/allocation_candidates/explain';
const HOSTS = [4, 8];

let story: Story;
let berth: Client;
const uuids: string[] = [];

beforeAll(async () => {
  story = await openStory();
  berth = story.berth;
  for (const total of HOSTS) {
    const uuid = randomUUID();
    uuids.push(uuid);
    await berth.post('/resource_providers', { name: uuid, uuid });
    await berth.put(`/resource_providers/${uuid}/inventories`, {
      inventories: { VCPU: { total, reserved: 1 } },
      resource_provider_generation: 0,
    });
  }
  const traits = { traits: ['HW_CPU_X86_AVX2'], resource_provider_generation: 1 };
  expect((await berth.put(`/resource_providers/${uuids[0]}/traits`, traits)).status).toBe(200);
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

describe('an explanation', () => {
  it('tells stage by stage what is left, who was removed, and what would do', async () => {
    const { status, body } = await berth.get(`${PATH}?resources=VCPU:5&required=HW_CPU_X86_AVX2`);
    const [small, large] = uuids;
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        found: false,
        providers: 2,
        trees: 2,
        groups: [
          {
            suffix: '',
            choices: [
              {
                resources: { VCPU: 5 },
                stages: [
                  {
                    condition: { kind: 'resource_class', resource_class: 'VCPU' },
                    remaining: 2,
                    removed: 0,
                    examples: [],
                  },
                  expect.objectContaining({
                    condition: { kind: 'units', resource_class: 'VCPU', amount: 5 },
                    removed: 0,
                  }),
                  {
                    condition: { kind: 'capacity', resource_class: 'VCPU', amount: 5 },
                    remaining: 1,
                    removed: 1,
                    examples: [small],
                    nearest: {
                      resource_provider: small,
                      resource_class: 'VCPU',
                      requested: 5,
                      possible: 3,
                      capacity: 3,
                      used: 0,
                      min_unit: 1,
                      max_unit: 2_147_483_647,
                      step_size: 1,
                    },
                  },
                ],
                remaining: 1,
              },
            ],
          },
        ],
        tree_stages: [
          {
            condition: { kind: 'served', suffix: '', resource_classes: ['VCPU'] },
            remaining: 1,
            removed: 1,
            examined: 2,
            examples: [small],
          },
          {
            condition: { kind: 'required_together', suffix: '' },
            remaining: 0,
            removed: 1,
            examined: 1,
            examples: [large],
          },
        ],
        relaxation: {
          changes: [{ kind: 'drop_required', suffix: '', traits: ['HW_CPU_X86_AVX2'] }],
          query: { resources: 'VCPU:5' },
        },
      },
    });
  });

  it('reads the same query from a body', async () => {
    const query = {
      resources1: 'VCPU:9',
      resources2: 'VCPU:1',
      group_policy: 'isolate',
      required2: ['HW_CPU_X86_AVX2', '!HW_GPU_API_DXVA'],
    };
    const asked = await berth.post<Explained>(PATH, { query });
    const inPath = await berth.get<Explained>(
      `${PATH}?resources1=VCPU:9&resources2=VCPU:1&group_policy=isolate&required2=HW_CPU_X86_AVX2&required2=!HW_GPU_API_DXVA`,
    );
    expect(asked.body).toEqual(inPath.body);
    expect(asked.body.found).toBe(false);
    const relaxed = await berth.post<Explained>(PATH, { query: asked.body.relaxation?.query });
    expect(relaxed.body).toMatchObject({ found: true, relaxation: null });
  });

  it('refuses what the search refuses, and those who do not speak berth 1.0', async () => {
    expect((await berth.get(`${PATH}?resources=NOPE:1`)).status).toBe(400);
    expect((await berth.post(PATH, { query: { nope: 'x' } })).status).toBe(400);
    expect((await story.at(39).get(`${PATH}?resources=VCPU:1`)).status).toBe(404);
    expect((await story.at(39).post(PATH, { query: { resources: 'VCPU:1' } })).status).toBe(404);
  });
});
