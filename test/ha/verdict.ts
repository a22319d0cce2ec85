import { send } from '../support/send.js';
import { query } from './cluster.js';
import type { Record } from './record.js';

const LIMIT_MS = 30_000;

/** What must not be, a line each. */
export async function judge(record: Record, databaseUrl: string, services: readonly string[]): Promise<string[]> {
  const held = await query<{ consumer: string; provider: string; amount: number }>(
    databaseUrl,
    `select c.uuid as consumer, rp.uuid as provider, a.used::int as amount
       from allocations a join consumers c on c.id = a.consumer_id join resource_providers rp on rp.id = a.resource_provider_id`,
  );
  const there = new Map(held.map((row) => [row.consumer, row]));
  const wrong: string[] = record.lost.map((uuid) => `${uuid}: was gone when it was to be given back`);
  for (const { uuid, provider, amount, fate } of record.consumers.values()) {
    const found = there.get(uuid);
    if (fate === 'claimed' && found === undefined) wrong.push(`${uuid}: its claim was acknowledged, and is lost`);
    if (fate === 'released' && found !== undefined) wrong.push(`${uuid}: its removal was acknowledged, and it is back`);
    if (fate === 'refused' && found !== undefined) wrong.push(`${uuid}: was refused, and is there`);
    if (found !== undefined && (found.provider !== provider || found.amount !== amount))
      wrong.push(`${uuid}: is another`);
  }
  for (const uuid of there.keys()) if (!record.consumers.has(uuid)) wrong.push(`${uuid}: nobody asked for it`);
  return [...wrong, ...(await wrongCounters(databaseUrl)), ...(await wrongAnswers(held, services))];
}

async function wrongCounters(databaseUrl: string): Promise<string[]> {
  const rows = await query<{ what: string }>(
    databaseUrl,
    `select format('provider %s: %s used, %s held, of %s', i.resource_provider_id, i.used, coalesce(sum(a.used), 0), i.total) as what
       from inventories i left join allocations a using (resource_provider_id, resource_class_id)
      group by i.resource_provider_id, i.resource_class_id
     having i.used <> coalesce(sum(a.used), 0) or i.used > (i.total - i.reserved) * i.allocation_ratio`,
  );
  return rows.map(({ what }) => what);
}

/** Every process says of every provider what the database holds, whatever it remembers. */
async function wrongAnswers(
  held: readonly { readonly consumer: string; readonly provider: string; readonly amount: number }[],
  services: readonly string[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const provider of new Set(held.map((row) => row.provider))) {
    const rows = held.filter((row) => row.provider === provider);
    const sum = rows.reduce((total, { amount }) => total + amount, 0);
    for (const url of services) {
      const path = `/resource_providers/${provider}`;
      const usages = (await send(url, { method: 'GET', path: `${path}/usages`, limitMs: LIMIT_MS })).body;
      const told = (usages as { usages?: { VCPU?: number } } | undefined)?.usages?.VCPU;
      if (told !== sum) wrong.push(`${url} says that ${provider} has ${told} in use; it has ${sum}`);
      const allocations = (await send(url, { method: 'GET', path: `${path}/allocations`, limitMs: LIMIT_MS })).body;
      const consumers = Object.keys((allocations as { allocations?: object } | undefined)?.allocations ?? {});
      if (consumers.length !== rows.length)
        wrong.push(`${url} says that ${consumers.length} hold of ${provider}; ${rows.length} do`);
    }
  }
  return wrong;
}
