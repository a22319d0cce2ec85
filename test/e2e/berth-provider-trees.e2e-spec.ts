import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Reply } from '../support/http.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Shown {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_provider_uuid: string | null;
  readonly inventories: Readonly<Record<string, { readonly total: number }>>;
  readonly traits: readonly string[];
  readonly aggregates: readonly string[];
}

interface Applied {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly resource_providers: readonly Shown[];
}

const AGGREGATE = randomUUID();
const NOTHING_DONE = { created: [], changed: [], removed: [] };

let story: Story;

beforeAll(async () => {
  story = await openStory();
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

interface Wanted {
  readonly uuid: string;
  readonly name: string;
  readonly parent_provider_uuid: string | null;
  readonly generation?: number | null;
  readonly inventories?: object;
  readonly traits?: readonly string[];
  readonly aggregates?: readonly string[];
}

/** A host with two NUMA nodes and a card below the first of them. */
function hostTree(): { root: Wanted; nodes: [Wanted, Wanted]; card: Wanted; all: Wanted[] } {
  const tag = randomUUID().slice(0, 8);
  const root: Wanted = {
    uuid: randomUUID(),
    name: `host ${tag}`,
    parent_provider_uuid: null,
    generation: null,
    inventories: { DISK_GB: { total: 100 } },
    traits: ['COMPUTE_NODE'],
    aggregates: [AGGREGATE],
  };
  const node = (number: number): Wanted => ({
    uuid: randomUUID(),
    name: `node ${number} ${tag}`,
    parent_provider_uuid: root.uuid,
    generation: null,
    inventories: { VCPU: { total: 8 }, MEMORY_MB: { total: 1024 } },
    traits: ['HW_NUMA_ROOT'],
  });
  const nodes: [Wanted, Wanted] = [node(0), node(1)];
  const card: Wanted = {
    uuid: randomUUID(),
    name: `card ${tag}`,
    parent_provider_uuid: nodes[0].uuid,
    generation: null,
    inventories: { SRIOV_NET_VF: { total: 4 } },
  };
  // Children before their parents: the order says nothing.
  return { root, nodes, card, all: [card, ...nodes, root] };
}

const apply = (root: string, providers: readonly Wanted[], prune = false): Promise<Reply<Applied>> =>
  story.berth.put<Applied>(`/provider_trees/${root}`, { providers, prune });

/** The tree with the generations that it now has, to go on from. */
function seen(wanted: readonly Wanted[], { resource_providers }: Applied): Wanted[] {
  const generations = new Map(resource_providers.map(({ uuid, generation }) => [uuid, generation]));
  return wanted.map((one) => ({ ...one, generation: generations.get(one.uuid) ?? null }));
}

const reasonOf = (reply: Reply): unknown =>
  (reply.body as { errors: readonly [{ reason: { code: string } }] }).errors[0].reason;

describe('PUT /provider_trees/{uuid}', () => {
  it('makes a tree, and does nothing when it is sent again', async () => {
    const { root, nodes, card, all } = hostTree();
    const made = await apply(root.uuid, all);
    expect(made).toMatchObject({ status: 200, body: { changed: [], removed: [] } });
    expect([...made.body.created].sort()).toEqual(all.map(({ uuid }) => uuid).sort());
    const byUuid = new Map(made.body.resource_providers.map((one) => [one.uuid, one]));
    expect(byUuid.get(root.uuid)).toMatchObject({ traits: ['COMPUTE_NODE'], aggregates: [AGGREGATE] });
    expect(byUuid.get(card.uuid)).toMatchObject({
      parent_provider_uuid: nodes[0].uuid,
      root_provider_uuid: root.uuid,
      inventories: { SRIOV_NET_VF: { total: 4 } },
    });

    const again = await apply(root.uuid, all);
    expect(again).toMatchObject({ status: 200, body: NOTHING_DONE });
    expect(again.body.resource_providers).toEqual(made.body.resource_providers);
    const stock = await story.at(39).get(`/resource_providers/${card.uuid}/inventories`);
    expect(stock).toMatchObject({ body: { inventories: { SRIOV_NET_VF: { total: 4 } } } });
  });

  it('raises the generation of what it changes, once, and of nothing else', async () => {
    const { root, nodes, card, all } = hostTree();
    const made = await apply(root.uuid, all);
    const before = new Map(made.body.resource_providers.map(({ uuid, generation }) => [uuid, generation]));
    const wanted = seen(all, made.body).map((one) =>
      one.uuid === nodes[1].uuid
        ? {
            ...one,
            traits: ['HW_NUMA_ROOT', 'HW_CPU_X86_AVX2'],
            inventories: { VCPU: { total: 16 } },
            name: `${one.name}!`,
          }
        : one,
    );
    const changed = await apply(root.uuid, wanted);
    expect(changed).toMatchObject({ status: 200, body: { created: [], changed: [nodes[1].uuid], removed: [] } });
    for (const { uuid, generation } of changed.body.resource_providers) {
      expect(generation).toBe((before.get(uuid) ?? 0) + (uuid === nodes[1].uuid ? 1 : 0));
    }
    // The same request again names a generation that has passed, but nothing is left to do.
    expect((await apply(root.uuid, wanted)).body).toMatchObject(NOTHING_DONE);
    expect(card.uuid).toBeDefined();
  });

  it('moves, exchanges names, and leaves what is not named unless it is to prune', async () => {
    const { root, nodes, card, all } = hostTree();
    const made = await apply(root.uuid, all);
    const [first, second] = nodes;
    const named = seen([root, first, second], made.body).map((one) => ({
      ...one,
      ...(one.uuid === first.uuid && { name: second.name }),
      ...(one.uuid === second.uuid && { name: first.name, parent_provider_uuid: first.uuid }),
    }));
    const moved = await apply(root.uuid, named);
    expect(moved).toMatchObject({ status: 200, body: { created: [], removed: [] } });
    expect([...moved.body.changed].sort()).toEqual([first.uuid, second.uuid].sort());
    expect(moved.body.resource_providers.map(({ uuid }) => uuid)).toContain(card.uuid);

    const pruned = await apply(root.uuid, seen(named, moved.body), true);
    expect(pruned).toMatchObject({ status: 200, body: { created: [], changed: [], removed: [card.uuid] } });
    expect((await story.at(39).get(`/resource_providers/${card.uuid}`)).status).toBe(404);
    // A name that goes may be taken at once.
    const heir = { ...card, uuid: randomUUID(), parent_provider_uuid: second.uuid };
    const last = await apply(root.uuid, [...seen(named, pruned.body), heir]);
    expect(last.body.created).toEqual([heir.uuid]);
  });

  it('takes a provider over from another tree, with all below it', async () => {
    const [from, to] = [hostTree(), hostTree()];
    const made = await apply(from.root.uuid, from.all);
    const target = await apply(to.root.uuid, to.all);
    const [node] = seen([from.nodes[0]], made.body);
    const wanted = [...seen(to.all, target.body), { ...(node as Wanted), parent_provider_uuid: to.root.uuid }];
    const taken = await apply(to.root.uuid, wanted);
    expect(taken).toMatchObject({ status: 200, body: { changed: [from.nodes[0].uuid] } });
    const card = await story.at(39).get(`/resource_providers/${from.card.uuid}`);
    expect(card.body).toMatchObject({
      root_provider_uuid: to.root.uuid,
      parent_provider_uuid: from.nodes[0].uuid,
    });
  });

  it('lets the first of two win', async () => {
    const { root, all } = hostTree();
    const made = await apply(root.uuid, all);
    const wish = (total: number): Wanted[] =>
      seen(all, made.body).map((one) =>
        one.uuid === root.uuid ? { ...one, inventories: { DISK_GB: { total } } } : one,
      );
    const replies = await Promise.all([11, 12, 13, 14].map((total) => apply(root.uuid, wish(total))));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(reasonOf(reply)).toMatchObject({ code: 'berth.provider_generation_stale', resource_provider: root.uuid });
    }
  });

  it('never takes what is used', async () => {
    const { root, nodes, all } = hostTree();
    const made = await apply(root.uuid, all);
    const consumer = randomUUID();
    const owner = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE', consumer_generation: null };
    const allocations = { [nodes[0].uuid]: { resources: { VCPU: 1 } } };
    expect((await story.at(39).put(`/allocations/${consumer}`, { allocations, ...owner })).status).toBe(204);
    const { body } = await apply(root.uuid, [{ ...root, generation: 0 }]);
    const without = seen(all, body).map((one) => (one.uuid === nodes[0].uuid ? { ...one, inventories: {} } : one));
    const vanishing = await apply(root.uuid, without);
    expect(vanishing.status).toBe(409);
    expect(reasonOf(vanishing)).toMatchObject({ code: 'berth.inventory_in_use', resource_provider: nodes[0].uuid });
    const pruning = await apply(root.uuid, seen([root], body), true);
    expect(pruning.status).toBe(409);
    expect(reasonOf(pruning)).toEqual({ code: 'berth.provider_in_use', resource_provider: nodes[0].uuid });
    expect(made.status).toBe(200);
  });

  it('wants the generation of every provider', async () => {
    const { root, all } = hostTree();
    const reply = await apply(
      root.uuid,
      all.map(({ generation: _none, ...one }) => one),
    );
    expect(reply.status).toBe(428);
    expect(reasonOf(reply)).toEqual({
      code: 'berth.generation_required',
      missing: all.map(({ uuid }) => `providers/${uuid}/generation`),
    });
  });

  it.each<[string, (tree: ReturnType<typeof hostTree>) => Wanted[], string, number]>([
    ['a root that is not named', ({ nodes, card }) => [...nodes, card], 'berth.tree_malformed', 400],
    [
      'a circle',
      ({ all, nodes, card }) => [
        ...all.filter(({ uuid }) => uuid !== nodes[0].uuid),
        { ...nodes[0], parent_provider_uuid: card.uuid },
      ],
      'berth.tree_malformed',
      400,
    ],
    ['two roots', ({ all }) => [...all, { ...hostTree().root }], 'berth.tree_malformed', 400],
    ['one that is named twice', ({ all, card }) => [...all, card], 'berth.tree_malformed', 400],
    ['a parent that is not there', ({ root, card }) => [root, card], 'berth.parent_not_found', 400],
    ['an unknown trait', ({ root }) => [{ ...root, traits: ['CUSTOM_NOBODY'] }], 'berth.trait_not_found', 400],
    [
      'an unknown class',
      ({ root }) => [{ ...root, inventories: { CUSTOM_NONE: { total: 1 } } }],
      'berth.resource_class_not_found',
      400,
    ],
    [
      'more reserved than there is',
      ({ root }) => [{ ...root, inventories: { VCPU: { total: 1, reserved: 2 } } }],
      'berth.inventory_invalid',
      400,
    ],
    [
      'a provider that was seen and is gone',
      ({ root }) => [{ ...root, generation: 3 }],
      'berth.provider_not_found',
      404,
    ],
    ['a body of another form', ({ root }) => [{ ...root, name: '' }], 'berth.body_invalid', 400],
  ])('refuses %s, and makes nothing', async (_what, wantedOf, code, status) => {
    const tree = hostTree();
    const reply = await apply(tree.root.uuid, wantedOf(tree));
    expect({ status: reply.status, reason: reasonOf(reply) }).toMatchObject({ status, reason: { code } });
    const left = await story.berth.post<Applied>('/resource_providers/query', {
      uuids: tree.all.map(({ uuid }) => uuid),
    });
    expect(left.body.resource_providers).toEqual([]);
  });

  it('refuses a name that another provider has', async () => {
    const [one, other] = [hostTree(), hostTree()];
    await apply(one.root.uuid, one.all);
    const reply = await apply(other.root.uuid, [{ ...other.root, name: one.card.name }]);
    expect({ status: reply.status, reason: reasonOf(reply) }).toEqual({
      status: 409,
      reason: { code: 'berth.provider_exists' },
    });
  });

  it('is nothing to a stock client', async () => {
    const { root, all } = hostTree();
    const reply = await story.at(39).put(`/provider_trees/${root.uuid}`, { providers: all });
    expect(reply.status).toBe(404);
  });
});
