import pg from 'pg';
import { EVERYTHING, type ProviderSeed, type World } from '../world/world.js';

/** Providers a statement: what goes over the wire at once stays at a few MB. */
const PORTION = 5_000;

/** A provider with the number it gets: a parent stands before its children, and the database is empty. */
interface Numbered extends ProviderSeed {
  readonly id: number;
  readonly rootId: number;
  readonly parentId: number | null;
}

/**
 * Writes the world straight into a migrated database without providers, as requests would have left it. The service must
 * not run: nothing tells it of writes that are not its own.
 */
export async function storeWorld(url: string, world: World): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    const traits = await namesToIds(client, 'traits', 'name', [...world.traits, ...namesIn(world, 'traits')]);
    const aggregates = await namesToIds(client, 'aggregates', 'uuid', namesIn(world, 'aggregates'));
    const providers = numbered(world);
    for (let from = 0; from < providers.length; from += PORTION) {
      await storePortion(client, providers.slice(from, from + PORTION), traits, aggregates);
    }
    await client.query(
      `select setval(pg_get_serial_sequence('resource_providers', 'id'), (select max(id) from resource_providers))`,
    );
    await client.query('commit');
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

function numbered({ trees }: World): Numbered[] {
  const providers: Numbered[] = [];
  for (const tree of trees) {
    const rootId = providers.length + 1;
    const ids = new Map<string, number>();
    for (const provider of tree) {
      const id = providers.length + 1;
      ids.set(provider.uuid, id);
      providers.push({ ...provider, id, rootId, parentId: ids.get(provider.parent ?? '') ?? null });
    }
  }
  return providers;
}

function namesIn({ trees }: World, kind: 'traits' | 'aggregates'): string[] {
  const names = new Set<string>();
  for (const tree of trees) for (const provider of tree) for (const name of provider[kind]) names.add(name);
  return [...names];
}

async function namesToIds(
  client: pg.Client,
  table: 'traits' | 'aggregates',
  column: 'name' | 'uuid',
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  await client.query(
    `insert into ${table} (${column}) select distinct unnest($1::text[]) on conflict (${column}) do nothing`,
    [names],
  );
  const { rows } = await client.query<{ id: number; name: string }>(
    `select id, ${column} as name from ${table} where ${column} = any($1::text[])`,
    [names],
  );
  return new Map(rows.map(({ id, name }) => [name, id]));
}

async function storePortion(
  client: pg.Client,
  providers: readonly Numbered[],
  traits: ReadonlyMap<string, number>,
  aggregates: ReadonlyMap<string, number>,
): Promise<void> {
  const columns = <T>(items: readonly T[], ...values: ((item: T) => unknown)[]) =>
    values.map((each) => items.map(each));
  await client.query(
    `insert into resource_providers (id, uuid, name, generation, root_provider_id, parent_provider_id)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[])`,
    columns(
      providers,
      ({ id }) => id,
      ({ uuid }) => uuid,
      ({ name }) => name,
      generationOf,
      ({ rootId }) => rootId,
      ({ parentId }) => parentId,
    ),
  );
  const inventories = providers.flatMap(({ id, inventories: all }) =>
    Object.entries(all).map(([resourceClass, inventory]) => ({ id, resourceClass, ...inventory })),
  );
  await client.query(
    `insert into inventories (resource_provider_id, resource_class_id, total, reserved, min_unit, max_unit, step_size, allocation_ratio)
     select i.id, c.id, i.total, i.reserved, 1, i.max_unit, 1, i.ratio
       from unnest($1::int[], $2::text[], $3::int[], $4::int[], $5::int[], $6::float8[])
              as i(id, class, total, reserved, max_unit, ratio)
       join resource_classes c on c.name = i.class`,
    columns(
      inventories,
      ({ id }) => id,
      ({ resourceClass }) => resourceClass,
      ({ total }) => total,
      ({ reserved }) => reserved ?? 0,
      ({ max_unit: maxUnit }) => maxUnit ?? EVERYTHING,
      ({ allocation_ratio: ratio }) => ratio ?? 1,
    ),
  );
  const labels = (kind: 'traits' | 'aggregates', ids: ReadonlyMap<string, number>) =>
    columns(
      providers.flatMap((provider) => provider[kind].map((name) => ({ id: provider.id, label: ids.get(name) }))),
      ({ id }) => id,
      ({ label }) => label,
    );
  await client.query(
    `insert into resource_provider_traits (resource_provider_id, trait_id) select * from unnest($1::int[], $2::int[])`,
    labels('traits', traits),
  );
  await client.query(
    `insert into resource_provider_aggregates (resource_provider_id, aggregate_id)
     select * from unnest($1::int[], $2::int[])`,
    labels('aggregates', aggregates),
  );
}

/** Each of the requests that make a provider raises it by one, the first one aside. */
function generationOf({ traits, aggregates }: ProviderSeed): number {
  return 1 + (traits.length > 0 ? 1 : 0) + (aggregates.length > 0 ? 1 : 0);
}
