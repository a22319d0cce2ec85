import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { claimBody } from './world.js';

/** The service works again so soon after its database does: ms. */
export const BACK_LIMIT_MS = 10_000;

/** A provider at generation 1 and a consumer that holds some of it. */
export interface Standing {
  readonly provider: string;
  readonly consumer: string;
}

/** The path of each read that asks the database, in whatever way. */
export function everyRead({ provider, consumer }: Standing): string[] {
  return [
    '/resource_providers',
    `/resource_providers?name=none`,
    `/resource_providers/${provider}`,
    `/resource_providers/${provider}/inventories`,
    `/resource_providers/${provider}/inventories/VCPU`,
    `/resource_providers/${provider}/usages`,
    `/resource_providers/${provider}/traits`,
    `/resource_providers/${provider}/aggregates`,
    `/resource_providers/${provider}/allocations`,
    '/allocation_candidates?resources=VCPU:1',
    `/allocations/${consumer}`,
    '/usages?project_id=p',
    '/resource_classes',
    '/traits',
  ];
}

/** Each write, such as it would be accepted if the database took it. */
export function everyWrite(http: Client, { provider, consumer }: Standing): (() => Promise<Reply>)[] {
  const at = `/resource_providers/${provider}`;
  const resource_provider_generation = 1;
  const claim = claimBody({ provider, amount: 1 });
  const inventories = { VCPU: { total: 1 } };
  return [
    () => http.post('/resource_providers', { name: 'lost', uuid: randomUUID() }),
    () => http.put(at, { name: 'lost' }),
    () => http.put(`${at}/inventories`, { resource_provider_generation, inventories }),
    () => http.put(`${at}/inventories/VCPU`, { resource_provider_generation, total: 1 }),
    () => http.delete(`${at}/inventories/VCPU`),
    () => http.put(`${at}/traits`, { resource_provider_generation, traits: ['HW_CPU_X86_AVX'] }),
    () => http.put(`${at}/aggregates`, { resource_provider_generation, aggregates: [randomUUID()] }),
    () => http.put(`/allocations/${randomUUID()}`, claim),
    () => http.post('/allocations', { [randomUUID()]: claim, [randomUUID()]: claim }),
    () => http.delete(`/allocations/${consumer}`),
    () =>
      http.post('/reshaper', {
        inventories: { [provider]: { resource_provider_generation, inventories } },
        allocations: {},
      }),
    () => http.put('/traits/CUSTOM_LOST'),
    () => http.put('/resource_classes/CUSTOM_LOST'),
    () => http.delete(at),
  ];
}

/** Holds an answer against the whole of a 503 that says that nothing was done. */
export function expectUnavailable(what: string, { status, body }: Reply): void {
  expect([what, status, body]).toEqual([
    what,
    503,
    {
      errors: [
        {
          status: 503,
          title: 'Service Unavailable',
          detail: expect.stringContaining('The database is not available.'),
          code: expect.any(String),
          request_id: expect.stringMatching(/^req-/),
        },
      ],
    },
  ]);
}

/** The body of the first answer that is not 503. Throws if there is none within BACK_LIMIT_MS. */
export async function firstAnswer(http: Client, path: string): Promise<unknown> {
  const { body } = await waitFor(
    async () => {
      const reply = await http.get(path);
      return reply.status !== 503 && reply;
    },
    { limitMs: BACK_LIMIT_MS, what: `an answer to ${path}` },
  );
  return body;
}
