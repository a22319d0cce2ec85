import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { expectError, openStory, STORY_LIMIT_MS, UNDEFINED_CODE, type Story } from './http-story.js';

/** Two trees: a over b over c, with d beside b; and x alone. */
const NAMES = ['a', 'b', 'c', 'd', 'x'] as const;

type Name = (typeof NAMES)[number];

const PARENTS: Readonly<Record<Name, Name | null>> = { a: null, b: 'a', c: 'b', d: 'a', x: null };

const NOBODY = 'dddddddd-0000-4000-8000-00000000dead';

const uuidOf = (name: Name): string => `dddddddd-0000-4000-8000-00000000000${NAMES.indexOf(name)}`;

const nameOf = (uuid: string | null): string | null =>
  uuid === null ? null : (NAMES.find((name) => uuidOf(name) === uuid) ?? uuid);

interface Provider {
  readonly uuid: string;
  readonly generation: number;
  readonly parent_provider_uuid: string | null;
  readonly root_provider_uuid: string;
}

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

const path = (name: Name): string => `/resource_providers/${uuidOf(name)}`;

const parentOf = (parent: Name | null): string | null => (parent === null ? null : uuidOf(parent));

const move = (name: Name, parent: Name | null, minor = 39): Promise<Reply<Provider>> =>
  story.at(minor).put<Provider>(path(name), { name, parent_provider_uuid: parentOf(parent) });

/** Each provider as `parent/root`. */
async function places(): Promise<Record<string, string>> {
  const shown = NAMES.map(async (name) => {
    const { body } = await story.at(14).get<Provider>(path(name));
    expect(body.generation).toBe(0);
    return [name, `${nameOf(body.parent_provider_uuid)}/${nameOf(body.root_provider_uuid)}`] as const;
  });
  return Object.fromEntries(await Promise.all(shown));
}

/** The names of the providers in the tree that holds one. */
async function treeOf(name: Name): Promise<(string | null)[]> {
  const { body } = await story
    .at(14)
    .get<{ resource_providers: Provider[] }>(`/resource_providers?in_tree=${uuidOf(name)}`);
  return body.resource_providers.map(({ uuid }) => nameOf(uuid)).sort();
}

const unsaved = (name: Name, verb: string, reason: string) => ({
  status: 400,
  message: `Unable to save resource provider ${uuidOf(name)}: Object action ${verb} failed because: ${reason}`,
  code: UNDEFINED_CODE,
});

const START = { a: 'null/a', b: 'a/a', c: 'b/a', d: 'a/a', x: 'null/x' };

describe('creating below a parent (spec resource_providers.md §2)', () => {
  it('gives the root of the parent', async () => {
    for (const name of NAMES) {
      const parent_provider_uuid = parentOf(PARENTS[name]);
      const made = await story.at(20).post<Provider>('/resource_providers', {
        name,
        uuid: uuidOf(name),
        ...(name !== 'x' && { parent_provider_uuid }),
      });
      expect(made.status).toBe(200);
      expect(made.body.parent_provider_uuid).toBe(parent_provider_uuid);
    }
    expect(await places()).toEqual(START);
  });

  it.each([
    ['an unknown parent', { parent_provider_uuid: NOBODY }, 'parent provider UUID does not exist.'],
    [
      'a parent without its dashes',
      { parent_provider_uuid: uuidOf('a').replaceAll('-', '') },
      'parent provider UUID does not exist.',
    ],
    [
      'itself as parent',
      { parent_provider_uuid: NOBODY.replace('dead', 'beef') },
      'parent provider UUID cannot be same as UUID. Please set parent provider UUID to None if there is no parent.',
    ],
  ])('refuses %s', async (_, parent, reason) => {
    const uuid = NOBODY.replace('dead', 'beef');
    expectError(await story.at(39).post('/resource_providers', { name: 'new', uuid, ...parent }), {
      status: 400,
      message: `Unable to create resource provider "new", ${uuid}: Object action create failed because: ${reason}`,
      code: UNDEFINED_CODE,
    });
  });

  it('a bad parent tells more than a taken name', async () => {
    const body = { name: 'a', parent_provider_uuid: NOBODY };
    expect((await story.at(39).post('/resource_providers', body)).status).toBe(400);
  });
});

describe('moving before 1.37 (spec resource_providers.md §4)', () => {
  const reparent = 're-parenting a provider is not currently allowed.';
  const unparent = 'un-parenting a provider is not currently allowed.';
  const loop = 'creating loop in the provider tree is not allowed.';

  it.each([
    ['b', 'x', reparent],
    ['b', 'c', reparent],
    ['b', 'b', reparent],
    ['b', null, unparent],
    ['a', 'a', loop],
    ['a', 'b', loop],
    ['a', 'c', loop],
  ] as const)('%s below %s is refused: %s', async (name, parent, reason) => {
    expectError(await move(name, parent, 36), unsaved(name, 'update', reason));
  });

  it('below an unknown one is refused', async () => {
    for (const name of ['a', 'b'] as const) {
      const reply = await story.at(36).put(path(name), { name, parent_provider_uuid: NOBODY });
      expectError(reply, unsaved(name, 'create', 'parent provider UUID does not exist.'));
    }
  });

  it.each([
    ['b', 'a'],
    ['a', null],
  ] as const)('%s below %s, where it is, changes nothing', async (name, parent) => {
    expect((await move(name, parent, 14)).status).toBe(200);
    expect(await places()).toEqual(START);
  });

  it('without a word of the parent, only the name changes', async () => {
    const { body } = await story.at(14).put<Provider>(path('b'), { name: 'b' });
    expect(nameOf(body.parent_provider_uuid)).toBe('a');
  });

  it('a refusal keeps the old name', async () => {
    const reply = await story.at(36).put(path('b'), { name: 'bb', parent_provider_uuid: null });
    expect(reply.status).toBe(400);
    expect((await story.at(14).get(path('b'))).body).toMatchObject({ name: 'b' });
  });

  it('a root gets its first parent with its whole tree, from 1.14', async () => {
    const { status, body } = await move('a', 'x', 14);
    expect(status).toBe(200);
    expect([nameOf(body.parent_provider_uuid), nameOf(body.root_provider_uuid)]).toEqual(['x', 'x']);
    expect(await places()).toEqual({ a: 'x/x', b: 'a/x', c: 'b/x', d: 'a/x', x: 'null/x' });
    expect(await treeOf('c')).toEqual(['a', 'b', 'c', 'd', 'x']);
  });
});

describe('moving from 1.37 (spec resource_providers.md §4)', () => {
  it('a provider becomes a root again, with its tree', async () => {
    const { status, body } = await move('a', null, 37);
    expect(status).toBe(200);
    expect([body.parent_provider_uuid, nameOf(body.root_provider_uuid)]).toEqual([null, 'a']);
    expect(await places()).toEqual(START);
    expect(await treeOf('x')).toEqual(['x']);
  });

  it('a subtree goes to another tree', async () => {
    expect((await move('b', 'x', 37)).status).toBe(200);
    expect(await places()).toEqual({ a: 'null/a', b: 'x/x', c: 'b/x', d: 'a/a', x: 'null/x' });
    expect(await treeOf('a')).toEqual(['a', 'd']);
    expect(await treeOf('x')).toEqual(['b', 'c', 'x']);
  });

  it('a leaf goes elsewhere in its tree', async () => {
    expect((await move('c', 'x')).status).toBe(200);
    expect(await places()).toMatchObject({ b: 'x/x', c: 'x/x' });
    expect((await move('c', 'b')).status).toBe(200);
  });

  it.each([
    ['x', 'x'],
    ['x', 'b'],
    ['x', 'c'],
    ['b', 'b'],
    ['b', 'c'],
  ] as const)('%s below %s would make a loop', async (name, parent) => {
    const loop = 'creating loop in the provider tree is not allowed.';
    expectError(await move(name, parent), unsaved(name, 'update', loop));
  });

  it('below an unknown one is refused', async () => {
    const reply = await story.at(37).put(path('b'), { name: 'b', parent_provider_uuid: NOBODY });
    expectError(reply, unsaved('b', 'create', 'parent provider UUID does not exist.'));
  });

  it('a move and a taken name: neither happens', async () => {
    const reply = await story.at(37).put(path('b'), { name: 'd', parent_provider_uuid: uuidOf('a') });
    expectError(reply, {
      status: 409,
      message: 'Conflicting resource provider d already exists.',
      code: 'placement.duplicate_name',
    });
    expect(await places()).toMatchObject({ b: 'x/x' });
  });

  it('back to where it was', async () => {
    expect((await move('b', 'a')).status).toBe(200);
    expect(await places()).toEqual(START);
  });
});

describe('deleting in a tree (spec resource_providers.md §5)', () => {
  it.each(['a', 'b'] as const)('%s is refused while it has children', async (name) => {
    const message = `Unable to delete parent resource provider ${uuidOf(name)}: It has child resource providers.`;
    const code = 'placement.resource_provider.cannot_delete_parent';
    expectError(await story.at(39).delete(path(name)), { status: 409, message, code });
    expectError(await story.at(22).delete(path(name)), { status: 409, message });
  });

  it('children tell more than allocations', async () => {
    const at = story.at(39);
    await at.post(`${path('a')}/inventories`, { resource_class: 'VCPU', total: 4 });
    await at.put(`/allocations/${NOBODY}`, {
      allocations: { [uuidOf('a')]: { resources: { VCPU: 1 } } },
      project_id: 'p',
      user_id: 'u',
      consumer_generation: null,
      consumer_type: 'INSTANCE',
    });
    expect((await at.delete(path('a'))).body).toMatchObject({
      errors: [{ code: 'placement.resource_provider.cannot_delete_parent' }],
    });
    expect((await at.delete(`/allocations/${NOBODY}`)).status).toBe(204);
  });

  it('goes from the leaves to the root', async () => {
    for (const name of ['c', 'b', 'd', 'a'] as const) expect((await story.at(39).delete(path(name))).status).toBe(204);
    expect(await treeOf('x')).toEqual(['x']);
    expect(await treeOf('a')).toEqual([]);
  });
});
