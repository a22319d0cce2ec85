import type { Answer, Sent } from './exchange.js';
import { direct } from './make.js';
import type { ModelConsumer, ModelInventory, ModelProvider, State } from './state.js';

const NO_PROVIDER: ModelProvider = {
  name: '',
  parent: null,
  generation: 0,
  inventories: {},
  traits: [],
  aggregates: [],
};
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}/g;

/** Takes what an answer of 1.39 tells about the world. */
export function learn(state: State, { method, path }: Sent, { status, text }: Answer): void {
  const [, noun = '', uuid = '', part] = path.split(/[/?]/);
  if (method === 'DELETE' && noun === 'resource_providers' && part === undefined && status === 204) {
    state.providers.delete(uuid);
  }
  if (method !== 'GET' || status !== 200) return;
  const body = parse(text);
  if (noun === 'allocations') return learnConsumer(state, uuid, body as Partial<WireConsumer>);
  if (noun === 'allocation_candidates') return learnCandidates(state, body);
  if (noun === 'resource_classes' && uuid === '') return learnNames(state.classes, body, 'resource_classes');
  if (noun === 'traits' && uuid === '' && !path.includes('?')) return learnNames(state.traits, body, 'traits');
  if (noun !== 'resource_providers' || uuid === '') return;
  const known = state.providers.get(uuid) ?? { ...NO_PROVIDER };
  if (part === undefined && 'parent_provider_uuid' in body) {
    const { name, parent_provider_uuid: parent, generation } = body as unknown as WireProvider;
    state.providers.set(uuid, { ...known, name, parent, generation });
  } else if (part === 'inventories' || part === 'traits' || part === 'aggregates') {
    const { resource_provider_generation: generation, [part]: held } = body;
    if (typeof generation !== 'number' || typeof held !== 'object') return;
    state.providers.set(uuid, { ...known, generation, [part]: held as Record<string, ModelInventory> & string[] });
  }
}

interface WireProvider {
  readonly name: string;
  readonly parent_provider_uuid: string | null;
  readonly generation: number;
}

interface WireConsumer {
  readonly allocations: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
  readonly consumer_generation: number;
  readonly project_id: string;
  readonly user_id: string;
  readonly consumer_type: string;
}

function learnConsumer(state: State, uuid: string, body: Partial<WireConsumer>): void {
  const known = state.consumers.get(uuid);
  if (known === undefined || body.allocations === undefined || Array.isArray(body.allocations)) return;
  const allocations = Object.entries(body.allocations).map(([provider, { resources }]) => [provider, resources]);
  const isGone = allocations.length === 0;
  if (!isGone && body.consumer_type === undefined) return;
  state.consumers.set(uuid, {
    generation: isGone ? null : (body.consumer_generation ?? null),
    allocations: Object.fromEntries(allocations) as ModelConsumer['allocations'],
    project: body.project_id ?? known.project,
    user: body.user_id ?? known.user,
    type: body.consumer_type ?? known.type,
  });
}

function learnCandidates(state: State, body: Readonly<Record<string, unknown>>): void {
  const found = body['allocation_requests'] as State['candidates'] | undefined;
  if (found?.[0]?.mappings !== undefined) state.candidates = found.slice(0, 5);
}

/** Only the customs come and go; of the others a few are enough. */
function learnNames(names: Set<string>, body: Readonly<Record<string, unknown>>, key: string): void {
  const listed = (body[key] as (string | { name: string })[]).map((one) => (typeof one === 'string' ? one : one.name));
  for (const name of names) if (name.startsWith('CUSTOM_')) names.delete(name);
  for (const name of listed) if (/^CUSTOM_[A-Z0-9_]{1,20}$/.test(name)) names.add(name);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** What is read after a request that may have changed something, so that the next ones know it. */
export function followUps(state: State, { method, path, body }: Sent, { status, headers }: Answer): Sent[] {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method) || status >= 300) return [];
  const noun = path.split(/[/?]/)[1];
  if (noun === 'resource_classes' || noun === 'traits') return [read(`/${noun}`)];
  const named = [path, headers.get('location') ?? '', body?.toString().toLowerCase() ?? ''].join(' ').match(UUID) ?? [];
  const uuids = new Set(named);
  const consumers = [...state.consumers.keys()].filter((uuid) => uuids.has(uuid));
  // A cleared consumer counts for providers that the request doesn't name.
  const held = consumers.flatMap((uuid) => Object.keys(state.consumers.get(uuid)?.allocations ?? {}));
  const isGone = method === 'DELETE' && path.split('/').length === 3;
  const providers = [...new Set([...named, ...held])].filter(
    (uuid) => !isGone && (state.providers.has(uuid) || headers.get('location')?.endsWith(uuid)),
  );
  return [
    ...consumers.map((uuid) => read(`/allocations/${uuid}`)),
    ...providers.flatMap((uuid) => [
      read(`/resource_providers/${uuid}`),
      read(`/resource_providers/${uuid}/${partOf(path)}`),
    ]),
  ];
}

/** An allocation changes nothing of a provider but its generation, and usages. */
function partOf(path: string): string {
  const part = /(aggregates|traits)(?=$|\?)/.exec(path)?.[1];
  if (part !== undefined) return part;
  return path.startsWith('/allocations') ? 'usages' : 'inventories';
}

export function read(path: string): Sent {
  return direct('GET', path);
}
