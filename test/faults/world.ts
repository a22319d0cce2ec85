import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type pg from 'pg';
import type { Client } from '../support/http.js';

/** What a claim asks of one provider, by consumer. */
export interface Wanted {
  readonly provider: string;
  readonly amount: number;
}

/** Makes a provider with `total` VCPU and answers its uuid. */
export async function createProvider(http: Client, total: number): Promise<string> {
  const uuid = randomUUID();
  await http.post('/resource_providers', { name: `host ${uuid}`, uuid });
  const { status } = await http.put(`/resource_providers/${uuid}/inventories`, {
    resource_provider_generation: 0,
    inventories: { VCPU: { total } },
  });
  expect(status).toBe(200);
  return uuid;
}

/** A new consumer's claim, as the body of a PUT and as one entry of a POST. */
export function claimBody({ provider, amount }: Wanted): object {
  return {
    allocations: { [provider]: { resources: { VCPU: amount } } },
    project_id: 'p',
    user_id: 'u',
    consumer_generation: null,
    consumer_type: 'INSTANCE',
  };
}

/** All that the database holds, by consumer: `provider amount`, several of them in order. */
export async function heldByConsumer(sql: pg.Client): Promise<Map<string, string>> {
  const { rows } = await sql.query<{ consumer: string; held: string }>(
    `select c.uuid as consumer, string_agg(rp.uuid || ' ' || a.used, ', ' order by rp.uuid) as held
       from allocations a join consumers c on c.id = a.consumer_id
       join resource_providers rp on rp.id = a.resource_provider_id group by c.uuid`,
  );
  return new Map(rows.map(({ consumer, held }) => [consumer, held]));
}

/** How `heldByConsumer` words what was asked for. */
export function asHeld({ provider, amount }: Wanted): string {
  return `${provider} ${amount}`;
}
