import { draft, type Maker, type Tools } from './make.js';
import { memberOfQuery, requiredQuery, resourcesQuery } from './make-filters.js';
import { className, generationOf, inventories, inventory, providerName, traitName } from './make-parts.js';
import { ODD_TEXTS, uuidLike } from './odd-values.js';
import { SHARES } from './state.js';

const PROVIDER = '/resource_providers/{uuid}';

/** Providers of a world; more make answers that nobody can read. */
const MAX_PROVIDERS = 14;

const createProvider: Maker = (tools, minor) => {
  const { random, state } = tools;
  if (state.providers.size >= MAX_PROVIDERS) return deleteProvider(tools, minor);
  const own = state.uuid();
  const uuid = random.weighted({ new: 86, same: 7, odd: 7 });
  const parent = random.weighted({ none: 45, some: 45, null: 4, own: 2, unknown: 4 });
  return draft('POST', '/resource_providers', [], minor, {
    body: {
      name: nameFor(tools),
      uuid: { new: own, same: state.provider(), odd: uuidLike(own, random, () => own) }[uuid],
      parent_provider_uuid:
        minor < 14
          ? undefined
          : { none: undefined, some: providerName(tools), null: null, own, unknown: state.uuid() }[parent],
    },
  });
};

function nameFor({ random, state }: Tools): string {
  if (random.happens(0.06)) return random.pick(ODD_TEXTS);
  const taken = [...state.providers.values()].map(({ name }) => name);
  return taken.length > 0 && random.happens(0.06) ? random.pick(taken) : state.name();
}

const updateProvider: Maker = (tools, minor) => {
  const { random, state } = tools;
  const uuid = providerName(tools);
  const parent = random.weighted({ none: 30, some: 40, null: 10, own: 5, unknown: 5, same: 10 });
  const current = state.providers.get(uuid);
  const named = random.happens(0.5) && current !== undefined ? current.name : nameFor(tools);
  const parents = {
    none: undefined,
    some: state.provider(),
    null: null,
    own: uuid,
    unknown: state.uuid(),
    same: current?.parent,
  };
  return draft('PUT', PROVIDER, [uuid], minor, {
    body: { name: named, parent_provider_uuid: minor < 14 ? undefined : parents[parent] },
  });
};

const deleteProvider: Maker = (tools, minor) => draft('DELETE', PROVIDER, [providerName(tools)], minor);

const listProviders: Maker = (tools, minor) => {
  const { random, state } = tools;
  const query: [string, string][] = [];
  const names = [...state.providers.values()].map(({ name }) => name);
  if (random.happens(0.15)) query.push(['name', random.pick([...names, ...ODD_TEXTS])]);
  if (random.happens(0.15)) query.push(['uuid', providerName(tools)]);
  if (minor >= 3 && random.happens(0.35)) query.push(...memberOfQuery(tools, minor, 'member_of'));
  if (minor >= 4 && random.happens(0.35)) query.push(['resources', resourcesQuery(tools)]);
  if (minor >= 14 && random.happens(0.25)) query.push(['in_tree', providerName(tools)]);
  if (minor >= 18 && random.happens(0.4)) query.push(...requiredQuery(tools, minor, 'required'));
  return draft('GET', '/resource_providers', [], minor, { query });
};

const putInventories: Maker = (tools, minor) => {
  const uuid = providerName(tools);
  const generation = generationOf(tools, uuid);
  const current = tools.state.providers.get(uuid)?.inventories ?? {};
  const kept = tools.random.happens(0.5) ? current : {};
  return draft('PUT', `${PROVIDER}/inventories`, [uuid], minor, {
    body: { resource_provider_generation: generation, inventories: { ...kept, ...inventories(tools) } },
  });
};

const postInventory: Maker = (tools, minor) => {
  const extra = tools.random.happens(0.1) ? { resource_provider_generation: tools.random.between(0, 3) } : {};
  return draft('POST', `${PROVIDER}/inventories`, [providerName(tools)], minor, {
    body: { resource_class: className(tools), ...inventory(tools), ...extra },
  });
};

const putOneInventory: Maker = (tools, minor) => {
  const uuid = providerName(tools);
  const body = { resource_provider_generation: generationOf(tools, uuid), ...inventory(tools) };
  return draft('PUT', `${PROVIDER}/inventories/{class}`, [uuid, heldClass(tools, uuid)], minor, { body });
};

function heldClass(tools: Tools, uuid: string): string {
  const held = Object.keys(tools.state.providers.get(uuid)?.inventories ?? {});
  return held.length > 0 && tools.random.happens(0.8) ? tools.random.pick(held) : className(tools);
}

function onProvider(method: string, rest: string): Maker {
  return (tools, minor) => draft(method, `${PROVIDER}${rest}`, [providerName(tools)], minor);
}

function onInventory(method: string): Maker {
  return (tools, minor) => {
    const uuid = providerName(tools);
    return draft(method, `${PROVIDER}/inventories/{class}`, [uuid, heldClass(tools, uuid)], minor);
  };
}

const putAggregates: Maker = (tools, minor) => {
  const { random, state } = tools;
  const uuid = providerName(tools);
  const some = state.aggregates.filter(() => random.happens(0.35));
  const aggregates = some.map((aggregate) => uuidLike(aggregate, random, () => aggregate));
  if (random.happens(0.03)) aggregates.push(...aggregates.slice(0, 1));
  const generation = generationOf(tools, uuid);
  const body = minor < 19 ? aggregates : { aggregates, resource_provider_generation: generation };
  return draft('PUT', `${PROVIDER}/aggregates`, [uuid], minor, { body });
};

const putTraits: Maker = (tools, minor) => {
  const uuid = providerName(tools);
  const { random } = tools;
  const traits = Array.from({ length: random.between(0, 3) }, () => traitName(tools));
  if (random.happens(0.25)) traits.push(SHARES);
  const generation = generationOf(tools, uuid);
  return draft('PUT', `${PROVIDER}/traits`, [uuid], minor, {
    body: { traits, resource_provider_generation: generation },
  });
};

/** Everything about providers, with how often it is asked for. */
export const PROVIDER_MAKERS: readonly (readonly [weight: number, since: number, make: Maker])[] = [
  [7, 0, createProvider],
  [5, 0, updateProvider],
  [2, 0, deleteProvider],
  [3, 0, onProvider('GET', '')],
  [12, 0, listProviders],
  [7, 0, putInventories],
  [4, 0, postInventory],
  [4, 0, putOneInventory],
  [2, 0, onProvider('GET', '/inventories')],
  [2, 0, onInventory('GET')],
  [2, 0, onInventory('DELETE')],
  [1, 5, onProvider('DELETE', '/inventories')],
  [2, 1, onProvider('GET', '/aggregates')],
  [5, 1, putAggregates],
  [2, 6, onProvider('GET', '/traits')],
  [5, 6, putTraits],
  [1, 6, onProvider('DELETE', '/traits')],
  [2, 0, onProvider('GET', '/usages')],
  [2, 0, onProvider('GET', '/allocations')],
];
