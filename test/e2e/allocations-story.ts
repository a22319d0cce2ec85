import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Client, Reply } from '../support/http.js';
import { detailOf, titleOf } from './http-story.js';

/** What a refusal says: the `<m>` part of the detail, after the rest of it was compared with the text of its status. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Shown from 1.23 on. */
  readonly code?: string;
}

/** Reads a refusal. Throws if the answer is none, or not framed as its status demands. */
export function refusal(reply: Reply): Refusal {
  const { status, headers, body } = reply;
  if (status < 400) throw new Error(`no refusal: ${status} ${JSON.stringify(body)}`);
  const { errors } = body as { errors: { detail: string; code?: string }[] };
  const request_id = headers['x-openstack-request-id'];
  expect(errors).toEqual([expect.objectContaining({ status, title: titleOf(status), request_id })]);
  const [{ detail = '', code } = {}] = errors;
  expect(detail).toMatch(frameOf(status));
  const message = frameOf(status).exec(detail)?.groups?.message ?? '';
  return { status, message, ...(code !== undefined && { code }) };
}

/** What stands round the message: the text of the status, with whatever came. */
function frameOf(status: number): RegExp {
  const frame = literal(detailOf({ status, message: '<message>', came: '<came>' }));
  return new RegExp(`^${frame.replace('<came>', '\\S+').replace('<message>', '(?<message>[^]*)')}$`);
}

/** A refusal as expected from 1.23 on. */
export function fault(status: number, message: unknown, code = 'placement.undefined_code'): object {
  return { status, message, code };
}

/** A refusal by the schema: the short text, whole or by pattern, and the keyword. Source: spec errors.md §4. */
export function schemaText(short: string | RegExp, keyword: string, lead = 'JSON does not validate'): unknown {
  const text = typeof short === 'string' ? literal(short) : `.*${short.source}.*`;
  return expect.stringMatching(new RegExp(`^${lead}: ${text}  Failed validating '${keyword}' in schema`));
}

/** A 400 of the body schema as expected from 1.23 on. */
export function schemaFault(short: string | RegExp, keyword: string): object {
  return fault(400, schemaText(short, keyword));
}

export const RACE_CODE = 'placement.concurrent_update';

/** The body of an answer, after its status was compared. */
export async function ok<B>(reply: Promise<Reply<B>>, status = 200): Promise<B> {
  const { status: found, body } = await reply;
  if (found !== status) throw new Error(`expected ${status}, got ${found}: ${JSON.stringify(body)}`);
  return body;
}

/** Makes a provider; with inventories, of these totals or records, it stands at generation 1, else at 0. */
export async function makeProvider(
  http: Client,
  inventories: Readonly<Record<string, number | object>> = {},
  name: string = randomUUID(),
): Promise<string> {
  const uuid = randomUUID();
  await ok(http.with({ version: '1.39' }).post('/resource_providers', { name, uuid }));
  if (Object.keys(inventories).length > 0) await setInventories(http, uuid, inventories);
  return uuid;
}

/** Replaces all inventories under the generation that is there: one more afterwards, which is answered. */
export async function setInventories(
  http: Client,
  uuid: string,
  inventories: Readonly<Record<string, number | object>>,
): Promise<number> {
  const answer = await ok(
    http
      .with({ version: '1.39' })
      .put<{ resource_provider_generation: number }>(`/resource_providers/${uuid}/inventories`, {
        resource_provider_generation: await generationOf(http, uuid),
        inventories: Object.fromEntries(
          Object.entries(inventories).map(([name, record]) => [
            name,
            typeof record === 'number' ? { total: record } : record,
          ]),
        ),
      }),
  );
  return answer.resource_provider_generation;
}

/** The generation a provider has now. */
export async function generationOf(http: Client, uuid: string): Promise<number> {
  return (await ok(http.get<{ generation: number }>(`/resource_providers/${uuid}`))).generation;
}

/** What is used of a provider, by class. */
export async function usageOf(http: Client, uuid: string): Promise<Readonly<Record<string, number>>> {
  const { usages } = await ok(
    http.get<{ usages: Readonly<Record<string, number>> }>(`/resource_providers/${uuid}/usages`),
  );
  return usages;
}

export type Claims = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The body of one consumer at 1.38: what it shall hold, by provider. */
export function claimBody(claims: Claims, generation: number | null = null, rest: object = {}): object {
  return {
    allocations: Object.fromEntries(Object.entries(claims).map(([uuid, resources]) => [uuid, { resources }])),
    project_id: 'project',
    user_id: 'user',
    consumer_generation: generation,
    consumer_type: 'INSTANCE',
    ...rest,
  };
}

/** Claims at 1.39 and answers the consumer; throws unless it was granted. */
export async function claim(
  http: Client,
  claims: Claims,
  generation: number | null = null,
  consumer: string = randomUUID(),
): Promise<string> {
  const body = claimBody(claims, generation);
  await ok(http.with({ version: '1.39' }).put(`/allocations/${consumer}`, body), 204);
  return consumer;
}

/** The consumer's generation; undefined when it holds nothing. */
export async function consumerGeneration(http: Client, consumer: string): Promise<number | undefined> {
  const path = `/allocations/${consumer}`;
  return (await ok(http.with({ version: '1.39' }).get<{ consumer_generation?: number }>(path))).consumer_generation;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
