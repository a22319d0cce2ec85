import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Shown {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
}

interface ProvidersPage {
  readonly resource_providers: readonly Shown[];
  readonly next: string | null;
}

interface ConsumersPage {
  readonly allocations: Readonly<Record<string, { readonly consumer_generation: number }>>;
  readonly next: string | null;
}

const ROOTS = 12;
const ZONE = randomUUID();

let story: Story;
/** Roots in order of creation; each has one child with a card. */
const roots: string[] = [];
const children: string[] = [];
const consumers: string[] = [];

beforeAll(async () => {
  story = await openStory();
  const at = story.at(39);
  for (let number = 0; number < ROOTS; number += 1) {
    const [root, child] = [randomUUID(), randomUUID()];
    await at.post('/resource_providers', { uuid: root, name: `host ${number}` });
    await at.post('/resource_providers', { uuid: child, name: `card ${number}`, parent_provider_uuid: root });
    const inventories = { VCPU: { total: 8, allocation_ratio: 2 } };
    await at.put(`/resource_providers/${root}/inventories`, { inventories, resource_provider_generation: 0 });
    const aggregates = { aggregates: [ZONE], resource_provider_generation: 1 };
    await at.put(`/resource_providers/${root}/aggregates`, aggregates);
    await at.put(`/resource_providers/${child}/traits`, { traits: ['HW_NIC_SRIOV'], resource_provider_generation: 0 });
    roots.push(root);
    children.push(child);
  }
  for (let number = 0; number < ROOTS; number += 1) {
    const consumer = randomUUID();
    const allocations = { [roots[number % 4] ?? '']: { resources: { VCPU: 1 } } };
    const owner = { project_id: `p${number % 2}`, user_id: `u${number % 3}`, consumer_generation: null };
    const type = number % 3 === 0 ? 'MIGRATION' : 'INSTANCE';
    await at.put(`/allocations/${consumer}`, { allocations, ...owner, consumer_type: type });
    consumers.push(consumer);
  }
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

async function pagesOf<Page extends { readonly next: string | null }>(path: string, body: object): Promise<Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | null | undefined; cursor !== null; cursor = pages.at(-1)?.next) {
    const { status, body: page } = await story.berth.post<Page>(path, { ...body, ...(cursor && { cursor }) });
    expect(status).toBe(200);
    pages.push(page);
  }
  return pages;
}

describe('POST /resource_providers/query', () => {
  it('shows a whole tree and what hangs on it in one call', async () => {
    const include = ['inventories', 'usages', 'traits', 'aggregates', 'allocations'];
    const [root = '', child = ''] = [roots[0], children[0]];
    const { status, body } = await story.berth.post('/resource_providers/query', { in_tree: child, include });
    const held = consumers.filter((_, number) => number % 4 === 0);
    expect(status).toBe(200);
    expect(body).toEqual({
      resource_providers: [
        {
          uuid: root,
          name: 'host 0',
          generation: 2 + held.length,
          parent_provider_uuid: null,
          root_provider_uuid: root,
          inventories: {
            VCPU: { total: 8, reserved: 0, min_unit: 1, max_unit: 2147483647, step_size: 1, allocation_ratio: 2 },
          },
          usages: { VCPU: held.length },
          traits: [],
          aggregates: [ZONE],
          allocations: Object.fromEntries(
            held.map((uuid) => [uuid, { resources: { VCPU: 1 }, consumer_generation: 1 }]),
          ),
        },
        {
          uuid: child,
          name: 'card 0',
          generation: 1,
          parent_provider_uuid: root,
          root_provider_uuid: root,
          inventories: {},
          usages: {},
          traits: ['HW_NIC_SRIOV'],
          aggregates: [],
          allocations: {},
        },
      ],
      next: null,
    });
  });

  it('filters as the list does, also by 5,000 aggregates', async () => {
    const many = Array.from({ length: 5000 }, () => randomUUID());
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{ member_of: [`in:${[...many, ZONE].join(',')}`] }, roots],
      [{ member_of: [`in:${many.join(',')}`] }, []],
      [{ required: ['HW_NIC_SRIOV'] }, children],
      [{ required: ['!HW_NIC_SRIOV'], resources: { VCPU: 14 } }, roots.slice(4)],
      [{ name: 'host 3' }, roots.slice(3, 4)],
      [{ uuids: [children[5], roots[2], randomUUID()] }, [roots[2] ?? '', children[5] ?? '']],
    ];
    for (const [filter, expected] of cases) {
      const { body } = await story.berth.post<ProvidersPage>('/resource_providers/query', filter);
      expect(body.resource_providers.map(({ uuid }) => uuid)).toEqual(expected);
      expect(Object.keys(body.resource_providers[0] ?? {})).not.toContain('inventories');
    }
  });

  it('goes from page to page, past what goes and comes meanwhile', async () => {
    const seen: string[] = [];
    const first = await story.berth.post<ProvidersPage>('/resource_providers/query', { limit: 5 });
    expect(first.body.resource_providers).toHaveLength(5);
    seen.push(...first.body.resource_providers.map(({ uuid }) => uuid));
    const last = seen.at(-1) ?? '';
    // The one the cursor points at goes, and a new one comes: the rest is still met, once.
    const extra = randomUUID();
    await story.at(39).post('/resource_providers', { uuid: extra, name: 'extra' });
    const gone = randomUUID();
    await story.at(39).post('/resource_providers', { uuid: gone, name: 'gone' });
    await story.at(39).delete(`/resource_providers/${gone}`);
    let cursor = first.body.next;
    while (cursor !== null) {
      const { body } = await story.berth.post<ProvidersPage>('/resource_providers/query', { limit: 5, cursor });
      seen.push(...body.resource_providers.map(({ uuid }) => uuid));
      cursor = body.next;
    }
    expect(seen.indexOf(last)).toBe(4);
    expect([...seen].sort()).toEqual([...roots, ...children, extra].sort());
    await story.at(39).delete(`/resource_providers/${extra}`);
  });

  it.each([
    [{ limit: 0 }, 'berth.body_invalid'],
    [{ limit: 1001 }, 'berth.body_invalid'],
    [{ include: ['secrets'] }, 'berth.body_invalid'],
    [{ unknown: 1 }, 'berth.body_invalid'],
    [{ cursor: 'x' }, 'berth.cursor_malformed'],
    [{ member_of: ['no uuid'] }, 'berth.query_invalid'],
    [{ required: ['CUSTOM_NOBODY'] }, 'berth.trait_not_found'],
    [{ resources: { CUSTOM_NONE: 1 } }, 'berth.resource_class_not_found'],
  ])('refuses %j', async (body, code) => {
    const reply = await story.berth.post('/resource_providers/query', body);
    expect(reply).toMatchObject({ status: 400, body: { errors: [{ reason: { code } }] } });
  });
});

describe('POST /allocations/query', () => {
  const at = (...numbers: number[]): string[] => numbers.map((number) => consumers[number] ?? '');

  it.each([
    ['all', () => ({}), () => consumers],
    ['consumers', () => ({ consumer_uuids: [...at(1, 3), randomUUID()] }), () => at(1, 3)],
    ['providers', () => ({ resource_provider_uuids: [roots[1], roots[2], children[0]] }), () => at(1, 2, 5, 6, 9, 10)],
    ['a project', () => ({ project_id: 'p1' }), () => at(1, 3, 5, 7, 9, 11)],
    ['a project and a user', () => ({ project_id: 'p1', user_id: 'u0' }), () => at(3, 9)],
    ['a type', () => ({ consumer_type: 'MIGRATION', project_id: 'p0' }), () => at(0, 6)],
    ['a type that nobody has', () => ({ consumer_type: 'NONE' }), () => []],
    ['consumers without a type', () => ({ consumer_type: 'unknown' }), () => []],
    ['all of these', () => ({ ...{ project_id: 'p1', user_id: 'u1' }, consumer_uuids: at(1, 7) }), () => at(1, 7)],
  ])('finds %s, page by page', async (_what, filterOf, expectedOf) => {
    const pages = await pagesOf<ConsumersPage>('/allocations/query', { ...filterOf(), limit: 2 });
    const found = pages.flatMap(({ allocations }) => Object.keys(allocations));
    expect(found).toEqual(expectedOf());
    for (const { allocations } of pages) expect(Object.keys(allocations).length).toBeLessThanOrEqual(2);
  });

  it('shows each as it is shown alone', async () => {
    const [uuid = ''] = consumers;
    const { body } = await story.berth.post<ConsumersPage>('/allocations/query', { consumer_uuids: [uuid] });
    const alone = await story.berth.get(`/allocations/${uuid}`);
    expect(body).toEqual({ allocations: { [uuid]: alone.body }, next: null });
  });

  it('is nothing to a stock client', async () => {
    for (const path of ['/allocations/query', '/resource_providers/query']) {
      const reply = await story.at(39).post(path, {});
      expect({ path, status: reply.status }).toEqual({ path, status: 405 });
      const allow = path.startsWith('/allocations') ? 'GET, PUT, DELETE' : 'GET, DELETE, PUT';
      expect(reply.headers.allow).toBe(allow);
    }
  });
});
