import { draft, type Maker, type Tools } from './make.js';
import { className, generationOf, inventories, inventory } from './make-parts.js';
import { ODD_TEXTS, uuidLike } from './odd-values.js';

type Amounts = Record<string, number>;

function pickProvider({ random, state }: Tools): string {
  const stocked = [...state.providers].filter(([, { inventories: held }]) => Object.keys(held).length > 0);
  const uuid = stocked.length > 0 && random.happens(0.95) ? random.pick(stocked)[0] : state.provider();
  return random.happens(0.02) ? uuidLike(uuid, random, () => state.uuid()) : uuid;
}

function amountsOn(tools: Tools, uuid: string): Amounts {
  const { random, state } = tools;
  const held = Object.entries(state.providers.get(uuid)?.inventories ?? {});
  if (held.length === 0 || random.happens(0.04)) return { [className(tools)]: 1 };
  const some = held.filter(() => random.happens(0.6));
  const used = some.length > 0 ? some : held.slice(0, 1);
  return Object.fromEntries(
    used.map(([name, { min_unit: least, step_size: step }]) => {
      const fitting = Math.max(1, Math.ceil(least / step)) * step;
      return [name, random.happens(0.9) ? fitting * random.pick([1, 1, 1, 2]) : random.between(1, 30)];
    }),
  );
}

function allocationsFor(tools: Tools, most = 3): Record<string, { resources: Amounts; generation?: number }> {
  const { random } = tools;
  const uuids = new Set(Array.from({ length: random.between(1, most) }, () => pickProvider(tools)));
  return Object.fromEntries(
    [...uuids].map((uuid) => {
      const generation = random.happens(0.05) ? { generation: random.between(0, 9) } : {};
      return [uuid, { resources: amountsOn(tools, uuid), ...generation }];
    }),
  );
}

function consumerGeneration({ random, state }: Tools, consumer: string): unknown {
  const known = state.consumers.get(consumer)?.generation ?? null;
  return random.happens(0.05) ? random.pick([null, 0, 1, (known ?? 0) + 1, -1, 'x']) : known;
}

/** What version `minor` wants of a consumer beside its allocations. */
function consumerPart(tools: Tools, consumer: string, minor: number): object {
  const { random, state } = tools;
  const current = state.consumers.get(consumer);
  const owner = (kind: 'project' | 'user'): string => {
    if (random.happens(0.03)) return random.pick(ODD_TEXTS);
    return random.happens(0.8) ? (current?.[kind] ?? 'p1') : `${kind.charAt(0)}${random.between(1, 2)}`;
  };
  const type = random.happens(0.03)
    ? random.pick([...ODD_TEXTS, null])
    : random.pick(['INSTANCE', 'INSTANCE', 'MIGRATION']);
  const mappings = (): object => ({
    [random.pick(['', '1', '_A', 'x'])]: [random.happens(0.95) ? state.provider() : 'x'],
  });
  return {
    ...(minor >= 8 && { project_id: owner('project'), user_id: owner('user') }),
    ...(minor >= 28 && { consumer_generation: consumerGeneration(tools, consumer) }),
    ...(minor >= 34 && random.happens(0.15) && { mappings: mappings() }),
    ...(minor >= 38 && { consumer_type: type }),
  };
}

const putAllocations: Maker = (tools, minor) => {
  const { random, state } = tools;
  const consumer = state.consumer();
  const name = random.happens(0.04) ? uuidLike(consumer, random, () => consumer) : consumer;
  const isEmpty = random.happens(minor >= 28 ? 0.08 : 0.02);
  const wanted = isEmpty ? {} : (claimed(tools, minor) ?? { allocations: allocationsFor(tools) });
  const { allocations = {} } = wanted as { allocations?: ReturnType<typeof allocationsFor> };
  const listed = Object.entries(allocations).map(([uuid, { resources }]) => ({
    resource_provider: { uuid },
    resources,
  }));
  const body = { ...wanted, allocations: minor < 12 ? listed : allocations, ...consumerPart(tools, consumer, minor) };
  return draft('PUT', '/allocations/{consumer}', [name], minor, { body });
};

/** Now and then what a search has found is claimed, as clients do. */
function claimed({ random, state }: Tools, minor: number): object | undefined {
  if (minor < 34 || state.candidates.length === 0 || random.happens(0.7)) return undefined;
  return random.pick(state.candidates);
}

/** Several consumers, as POST and the reshaper take them. */
function consumers(tools: Tools, minor: number, least: number): object {
  const { random, state } = tools;
  const chosen = new Set(Array.from({ length: random.between(least, 3) }, () => state.consumer()));
  return Object.fromEntries(
    [...chosen].map((consumer) => [
      consumer,
      {
        allocations: random.happens(0.2) ? {} : allocationsFor(tools, 2),
        ...consumerPart(tools, consumer, minor),
      },
    ]),
  );
}

const postAllocations: Maker = (tools, minor) =>
  draft('POST', '/allocations', [], minor, { body: consumers(tools, minor, 1) });

const onConsumer =
  (method: string): Maker =>
  ({ random, state }, minor) => {
    const consumer = uuidLike(state.consumer(), random, () => state.uuid());
    return draft(method, '/allocations/{consumer}', [consumer], minor);
  };

/** Moves inventories about together with what is allocated of them. */
const reshape: Maker = (tools, minor) => {
  const { random, state } = tools;
  const uuids = new Set(Array.from({ length: random.between(1, 2) }, () => state.provider()));
  const reshaped = [...uuids].map((uuid) => {
    const held = state.providers.get(uuid)?.inventories ?? {};
    const kept = random.happens(0.7) ? held : {};
    const added = random.happens(0.5) ? inventories(tools, 2) : {};
    return [
      random.happens(0.03) ? state.uuid() : uuid,
      { resource_provider_generation: generationOf(tools, uuid), inventories: { ...kept, ...added } },
    ];
  });
  const moved = random.happens(0.4) ? moveAll(tools, minor) : undefined;
  const body = moved ?? {
    inventories: Object.fromEntries(reshaped) as object,
    allocations: consumers(tools, minor, 0),
  };
  return draft('POST', '/reshaper', [], minor, { body });
};

/** The reshaper's purpose: a class goes from one provider to another, and so does what is allocated of it. */
function moveAll(tools: Tools, minor: number): object | undefined {
  const { random, state } = tools;
  const from = pickProvider(tools);
  const to = state.provider();
  const source = state.providers.get(from);
  const target = state.providers.get(to);
  const [name] = Object.keys(source?.inventories ?? {});
  if (source === undefined || target === undefined || name === undefined || from === to) return undefined;
  const { [name]: record, ...left } = source.inventories;
  const users = [...state.consumers].filter(([, { allocations }]) => allocations[from]?.[name] !== undefined);
  const rewritten = users.map(([uuid, { allocations }]) => {
    const { [from]: own = {}, [to]: there = {}, ...others } = allocations;
    const { [name]: amount = 1, ...rest } = own;
    const next: Record<string, Amounts> = { ...others, [to]: { ...there, [name]: amount + (there[name] ?? 0) } };
    if (Object.keys(rest).length > 0) next[from] = rest;
    const written = Object.entries(next).map(([provider, resources]) => [provider, { resources }]);
    return [uuid, { allocations: Object.fromEntries(written) as object, ...consumerPart(tools, uuid, minor) }];
  });
  return {
    inventories: {
      [from]: { resource_provider_generation: generationOf(tools, from), inventories: left },
      [to]: {
        resource_provider_generation: generationOf(tools, to),
        inventories: { ...target.inventories, [name]: random.happens(0.8) ? record : inventory(tools) },
      },
    },
    allocations: Object.fromEntries(rewritten) as object,
  };
}

/** Claims of all shapes. */
export const ALLOCATION_MAKERS: readonly (readonly [weight: number, since: number, make: Maker])[] = [
  [22, 0, putAllocations],
  [8, 13, postAllocations],
  [4, 0, onConsumer('GET')],
  [3, 0, onConsumer('DELETE')],
  [7, 30, reshape],
];
