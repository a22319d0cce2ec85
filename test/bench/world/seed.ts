import type { Call, HttpConnection } from '../load/http-connection.js';
import type { Part, REMOVALS, SliceResult } from '../load/orders.js';
import { isOk } from '../workload/workload.js';
import type { ProviderSeed, TreeSeed, World } from './world.js';

const PROGRESS_MS = 500;

/**
 * Makes this part of the world over HTTP, a tree after the other on each connection, as an operator's tool would: the
 * provider, its inventories, its traits, its aggregates. Throws at the first request that fails.
 */
export async function makeWorld(
  connections: readonly HttpConnection[],
  world: World,
  part: Part,
  progress: (done: number, total: number) => void,
): Promise<SliceResult> {
  const trees = partOf(world.trees, part);
  const latencies: number[] = [];
  const total = trees.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const send = async (connection: HttpConnection, call: Call): Promise<void> => {
    const from = performance.now();
    const reply = await connection.call(call);
    latencies.push(performance.now() - from);
    if (isOk(reply)) return;
    throw new Error(`${call.method} ${call.path}: ${reply.status} ${reply.body.toString().slice(0, 300)}`);
  };
  const timer = setInterval(() => progress(done, total), PROGRESS_MS);
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  try {
    // Every generator does so; to make a trait twice is allowed.
    await each(connections.slice(0, 1), world.traits, (connection, name) =>
      send(connection, { method: 'PUT', path: `/traits/${name}` }),
    );
    await each(connections, trees, async (connection, tree) => {
      for (const provider of tree) {
        for (const call of callsFor(provider)) await send(connection, call);
        done += 1;
      }
    });
  } finally {
    clearInterval(timer);
  }
  const used = process.cpuUsage(cpuBefore);
  return {
    ok: latencies.length,
    refused: 0,
    failed: 0,
    samples: [],
    latenciesMs: Float64Array.from(latencies),
    elapsedMs: performance.now() - begin,
    generatorCpuMs: (used.user + used.system) / 1_000,
  };
}

/** What makes a provider: each write raises the generation by one, so the next one knows it without asking. */
function callsFor({ uuid, name, parent, inventories, traits, aggregates }: ProviderSeed): Call[] {
  const path = `/resource_providers/${uuid}`;
  const calls: Call[] = [
    {
      method: 'POST',
      path: '/resource_providers',
      body: { name, uuid, ...(parent !== undefined && { parent_provider_uuid: parent }) },
    },
  ];
  const put = (part: string, value: unknown): void => {
    const body = { resource_provider_generation: calls.length - 1, [part]: value };
    calls.push({ method: 'PUT', path: `${path}/${part}`, body });
  };
  put('inventories', inventories);
  if (traits.length > 0) put('traits', traits);
  if (aggregates.length > 0) put('aggregates', aggregates);
  return calls;
}

/** The paths to delete for one removal, in order: what is below a provider goes before it. */
export function removals(
  what: (typeof REMOVALS)[number],
  world: World,
  part: Part,
  consumers: readonly string[],
): string[][] {
  switch (what) {
    case 'consumers':
      return consumers.map((uuid) => [`/allocations/${uuid}`]);
    case 'providers':
      return partOf(world.trees, part).map((tree) =>
        tree.toReversed().map(({ uuid }) => `/resource_providers/${uuid}`),
      );
    case 'traits':
      return part.index === 0 ? world.traits.map((name) => [`/traits/${name}`]) : [];
  }
}

/** Deletes each sequence of paths in its order. Goes on where something cannot be removed: it may never have been. */
export async function removeAll(connections: readonly HttpConnection[], sequences: readonly string[][]): Promise<void> {
  await each(connections, sequences, async (connection, paths) => {
    for (const path of paths) await connection.call({ method: 'DELETE', path }).catch(() => undefined);
  });
}

function partOf(trees: readonly TreeSeed[], { index, of }: Part): TreeSeed[] {
  return trees.filter((_, at) => at % of === index);
}

/** Does `work` for every item, as many at once as there are connections. */
async function each<T>(
  connections: readonly HttpConnection[],
  items: readonly T[],
  work: (connection: HttpConnection, item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    connections.map(async (connection) => {
      for (const item of queue) await work(connection, item);
    }),
  );
}
