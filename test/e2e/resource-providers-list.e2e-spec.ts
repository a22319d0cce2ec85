import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { detailIn, expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

const uuidOf = (name: string): string => `eeeeeeee-0000-4000-8000-${name.padStart(12, '0')}`;

/** Aggregates of this story, by a letter. */
const AGGREGATES: Readonly<Record<string, string>> = {
  A: 'abababab-0000-4000-8000-000000000001',
  B: 'abababab-0000-4000-8000-000000000002',
  C: 'abababab-0000-4000-8000-000000000003',
};

interface World {
  readonly inventories: Readonly<Record<string, object>>;
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
  readonly parent?: string;
}

/** Names are digits and a–f: they are the ends of the uuids. */
const WORLD: Readonly<Record<string, World>> = {
  a1: {
    inventories: { VCPU: { total: 10, allocation_ratio: 1.5 }, DISK_GB: { total: 100, min_unit: 10, step_size: 10 } },
    traits: ['HW_CPU_X86_VMX', 'CUSTOM_MAGIC'],
    aggregates: ['A'],
  },
  b2: {
    inventories: { VCPU: { total: 10, reserved: 4, max_unit: 5 }, CUSTOM_GOLD: { total: 1 } },
    traits: ['HW_CPU_X86_VMX'],
    aggregates: ['A', 'B'],
  },
  c3: { inventories: { VCPU: { total: 2 } }, traits: ['CUSTOM_MAGIC'], aggregates: ['B'], parent: 'b2' },
  d4: { inventories: {}, traits: [], aggregates: [] },
};

interface Listed {
  readonly resource_providers: readonly { readonly name: string; readonly uuid: string }[];
}

let story: Story;

beforeAll(async () => {
  story = await openStory();
  const at = story.at(39);
  for (const trait of ['CUSTOM_MAGIC', 'CUSTOM_NOBODY_HAS_IT']) await at.put(`/traits/${trait}`);
  await at.put('/resource_classes/CUSTOM_GOLD');
  for (const [name, { inventories, traits, aggregates, parent }] of Object.entries(WORLD)) {
    const uuid = uuidOf(name);
    const path = `/resource_providers/${uuid}`;
    const parent_provider_uuid = parent === undefined ? null : uuidOf(parent);
    await at.post('/resource_providers', { name, uuid, parent_provider_uuid });
    await at.put(`${path}/inventories`, { resource_provider_generation: 0, inventories });
    const uuids = aggregates.map((letter) => AGGREGATES[letter]);
    await at.put(`${path}/aggregates`, { resource_provider_generation: 1, aggregates: uuids });
    const put = await at.put(`${path}/traits`, { resource_provider_generation: 2, traits });
    expect(put.status).toBe(200);
  }
  const claimed = await at.put(`/allocations/${uuidOf('f0')}`, {
    allocations: { [uuidOf('a1')]: { resources: { VCPU: 12 } } },
    project_id: 'p',
    user_id: 'u',
    consumer_generation: null,
    consumer_type: 'INSTANCE',
  });
  expect(claimed.status).toBe(204);
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

/** `{A}` stands for the uuid of an aggregate, `{a1}` for that of a provider. */
function ask(query: string, minor = 39): Promise<Reply<Listed>> {
  const filled = query.replace(/\{(\w+)\}/g, (_, name: string) => AGGREGATES[name] ?? uuidOf(name));
  return story.at(minor).get<Listed>(`/resource_providers?${filled}`);
}

async function listed(query: string, minor = 39): Promise<string> {
  const { status, body } = await ask(query, minor);
  if (status !== 200) throw new Error(`${query} at 1.${minor}: ${status} ${JSON.stringify(body)}`);
  return body.resource_providers
    .map(({ name }) => name)
    .sort()
    .join(' ');
}

describe('the list (spec resource_providers.md §6)', () => {
  it('shows each provider as it is shown alone', async () => {
    for (const minor of [0, 13, 14, 39]) {
      const { body } = await story.at(minor).get<Listed>('/resource_providers');
      expect(Object.keys(body)).toEqual(['resource_providers']);
      expect(body.resource_providers).toHaveLength(4);
      for (const shown of body.resource_providers) {
        expect(shown).toEqual((await story.at(minor).get(`/resource_providers/${shown.uuid}`)).body);
      }
    }
  });

  it.each([
    ['', 'a1 b2 c3 d4'],
    ['name=a1', 'a1'],
    ['name=A1', ''],
    ['name=', 'a1 b2 c3 d4'],
    ['name=b2&name=a1', 'a1'],
    ['name=a1&name=', 'a1 b2 c3 d4'],
    ['name=%C3%A4', ''],
    ['uuid={a1}', 'a1'],
    ['uuid={a1}&uuid={b2}', 'b2'],
    [`uuid=${uuidOf('a1').toUpperCase()}`, ''],
    ['uuid={dead}', ''],
    ['uuid={a1}&name=b2', ''],
    ['in_tree={b2}', 'b2 c3'],
    ['in_tree={c3}', 'b2 c3'],
    ['in_tree={a1}', 'a1'],
    ['in_tree={dead}', ''],
    ['in_tree={c3}&name=b2', 'b2'],
    ['in_tree={dead}&resources=CUSTOM_NOPE:1&required=CUSTOM_NOPE', ''],
    ['required=CUSTOM_NOBODY_HAS_IT&resources=CUSTOM_NOPE:1', ''],
    ['member_of={C}&resources=CUSTOM_NOPE:1', ''],
  ])('?%s finds "%s"', async (query, found) => {
    expect(await listed(query)).toBe(found);
  });
});

describe('resources', () => {
  it.each([
    ['VCPU:1', 'a1 b2 c3'],
    ['VCPU:3', 'a1 b2'],
    ['VCPU:4', 'b2'],
    ['VCPU:5', 'b2'],
    ['VCPU:6', ''],
    ['DISK_GB:10', 'a1'],
    ['DISK_GB:15', ''],
    ['DISK_GB:5', ''],
    ['DISK_GB:100', 'a1'],
    ['DISK_GB:110', ''],
    ['VCPU:1,DISK_GB:10', 'a1'],
    ['VCPU:1,CUSTOM_GOLD:1', 'b2'],
    ['VCPU:9,VCPU:1', 'a1 b2 c3'],
    ['VCPU:9&resources=VCPU:1', 'a1 b2 c3'],
    ['VCPU:%201', 'a1 b2 c3'],
    ['VCPU:+1', 'a1 b2 c3'],
    ['VCPU:1%20', 'a1 b2 c3'],
    ['VCPU:%2B1', 'a1 b2 c3'],
    ['MEMORY_MB:1', ''],
  ])('=%s finds "%s"', async (value, found) => {
    expect(await listed(`resources=${value}`, 4)).toBe(found);
  });
});

describe('required', () => {
  it.each([
    ['HW_CPU_X86_VMX', 18, 'a1 b2'],
    ['HW_CPU_X86_VMX,CUSTOM_MAGIC', 18, 'a1'],
    ['HW_CPU_X86_VMX,%20CUSTOM_MAGIC%20', 18, 'a1'],
    ['CUSTOM_NOBODY_HAS_IT', 18, ''],
    ['!CUSTOM_MAGIC', 22, 'b2 d4'],
    ['!!CUSTOM_MAGIC', 22, 'b2 d4'],
    ['!CUSTOM_MAGIC,HW_CPU_X86_VMX', 22, 'b2'],
    ['!CUSTOM_MAGIC,CUSTOM_MAGIC', 22, ''],
    ['!CUSTOM_NOBODY_HAS_IT', 22, 'a1 b2 c3 d4'],
    ['HW_CPU_X86_VMX&required=CUSTOM_MAGIC', 38, 'a1 c3'],
    ['HW_CPU_X86_VMX&required=CUSTOM_MAGIC', 39, 'a1'],
    ['HW_CPU_X86_VMX&required=!CUSTOM_MAGIC', 39, 'b2'],
    ['!HW_CPU_X86_VMX&required=!CUSTOM_MAGIC', 39, 'd4'],
    ['in:HW_CPU_X86_VMX,CUSTOM_MAGIC', 39, 'a1 b2 c3'],
    ['in:HW_CPU_X86_VMX,CUSTOM_MAGIC&required=!HW_CPU_X86_VMX', 39, 'c3'],
    ['in:HW_CPU_X86_VMX,CUSTOM_NOBODY_HAS_IT&required=in:CUSTOM_MAGIC', 39, 'a1'],
  ])('=%s at 1.%d finds "%s"', async (value, minor, found) => {
    expect(await listed(`required=${value}`, minor)).toBe(found);
  });
});

describe('member_of', () => {
  it.each([
    ['{A}', 3, 'a1 b2'],
    ['in:{A}', 3, 'a1 b2'],
    ['in:{A},{B}', 3, 'a1 b2 c3'],
    ['{C}', 3, ''],
    ['in:{C},{B}', 3, 'b2 c3'],
    ['{A}&member_of={B}', 24, 'b2'],
    ['in:{A},{C}&member_of={B}', 24, 'b2'],
    ['!{A}', 32, 'c3 d4'],
    ['!in:{A},{B}', 32, 'd4'],
    ['!{A}&member_of=!{B}', 32, 'd4'],
    ['!{A}&member_of={B}', 32, 'c3'],
    ['!{C}', 32, 'a1 b2 c3 d4'],
    ['{A}&member_of=!{A}', 32, ''],
  ])('=%s at 1.%d finds "%s"', async (value, minor, found) => {
    expect(await listed(`member_of=${value}`, minor)).toBe(found);
  });

  it('joins the other filters', async () => {
    expect(await listed('member_of={A}&required=CUSTOM_MAGIC&resources=VCPU:1&in_tree={a1}')).toBe('a1');
    expect(await listed('member_of={A}&required=CUSTOM_MAGIC&resources=VCPU:1&in_tree={b2}')).toBe('');
  });
});

describe('keys', () => {
  it.each([
    ['member_of={A}', 3],
    ['resources=VCPU:1', 4],
    ['in_tree={a1}', 14],
    ['required=CUSTOM_MAGIC', 18],
  ])('%s is known from 1.%d', async (query, since) => {
    expect((await ask(query, since)).status).toBe(200);
    const before = await ask(query, since - 1);
    expect(before.status).toBe(400);
    const key = query.split('=')[0];
    expect(detailIn(before)).toContain(
      `Invalid query string parameters: Additional properties are not allowed ('${key}' was unexpected)`,
    );
  });

  it.each([
    ['limit=1', "Additional properties are not allowed ('limit' was unexpected)"],
    ['b=1&a=1', "Additional properties are not allowed ('a', 'b' were unexpected)"],
    ['NAME=a1', "Additional properties are not allowed ('NAME' was unexpected)"],
    ['uuid=nonsense', "'nonsense' is not a 'uuid'"],
    [`uuid=${uuidOf('a1').replaceAll('-', '')}`, `'${uuidOf('a1').replaceAll('-', '')}' is not a 'uuid'`],
    ['uuid=', "'' is not a 'uuid'"],
    ['in_tree=nonsense', "'nonsense' is not a 'uuid'"],
    ['name=%FF', ''],
    ['%FF=1', ''],
  ])('?%s is refused: %s', async (query, text) => {
    const reply = await ask(query);
    expect(reply.status).toBe(400);
    expect(detailIn(reply)).toContain(`\n\n Invalid query string parameters: ${text}`);
  });
});

describe('names that nobody knows', () => {
  it.each([
    ['required=CUSTOM_NOPE', 'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.'],
    ['required=!CUSTOM_NOPE', 'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.'],
    ['required=in:CUSTOM_NOPE', 'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.'],
    ['resources=CUSTOM_NOPE:1', 'Invalid resource class in resources parameter: No such resource class CUSTOM_NOPE.'],
    ['resources=vcpu:1', 'Invalid resource class in resources parameter: No such resource class vcpu.'],
    ['resources=%20VCPU:1', 'Invalid resource class in resources parameter: No such resource class  VCPU.'],
    [
      'required=CUSTOM_NOPE&resources=CUSTOM_NADA:1',
      'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.',
    ],
    ['required=!CUSTOM_NOPE&member_of={C}', 'Invalid trait(s) in "required" parameter: No such trait(s): CUSTOM_NOPE.'],
  ])('?%s', async (query, message) => {
    expectError(await ask(query), { status: 400, message, code: UNDEFINED_CODE });
  });
});
