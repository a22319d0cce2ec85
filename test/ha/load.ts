import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { send, type Outcome } from '../support/send.js';
import type { Consumer, Fate, Record } from './record.js';

const PROVIDERS = 20;

/** Small enough that providers are full most of the time: then a claim too much would show. */
const TOTAL = 60;
const MOST = 4;

/** Clients hold so many claims each before they give some back. */
const HELD = 30;

/** Longer than the service ever takes to say that it does not know: 10 s in its queue, 15 s for a lost commit. */
const LIMIT_MS = 45_000;
const PAUSE_MS = 100;

const PLACEMENT = { 'openstack-api-version': 'placement 1.39' };

/** Makes the providers that are claimed of. */
export async function furnish(url: string): Promise<string[]> {
  const uuids = Array.from({ length: PROVIDERS }, () => randomUUID());
  for (const uuid of uuids) {
    await must(url, 'POST', '/resource_providers', { name: `host ${uuid}`, uuid });
    const inventories = { VCPU: { total: TOTAL } };
    await must(url, 'PUT', `/resource_providers/${uuid}/inventories`, { resource_provider_generation: 0, inventories });
  }
  return uuids;
}

/** One client: claims, and gives claims back, until it is over. Notes what it was told of each. */
export async function work(
  url: string,
  providers: readonly string[],
  record: Record,
  isOver: () => boolean,
): Promise<void> {
  const held: Consumer[] = [];
  while (!isOver()) {
    const release = held.length >= HELD || (held.length > 0 && Math.random() < 0.4);
    const outcome = release ? await giveBack(url, held, record) : await claim(url, providers, held, record);
    record.note(outcome.status);
    if (outcome.status !== 204 && outcome.status !== 409) await sleep(PAUSE_MS);
  }
}

async function claim(url: string, providers: readonly string[], held: Consumer[], record: Record): Promise<Outcome> {
  const provider = providers[Math.floor(Math.random() * providers.length)] ?? '';
  const consumer = record.begin(provider, 1 + Math.floor(Math.random() * MOST));
  const body = {
    allocations: { [provider]: { resources: { VCPU: consumer.amount } } },
    ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
  };
  const outcome = await ask(url, 'PUT', `/allocations/${consumer.uuid}`, body);
  consumer.fate = fateBy(outcome, 'claimed', 'refused');
  if (consumer.fate === 'claimed') held.push(consumer);
  return outcome;
}

async function giveBack(url: string, held: Consumer[], record: Record): Promise<Outcome> {
  const [consumer] = held.splice(Math.floor(Math.random() * held.length), 1);
  if (consumer === undefined) throw new Error('nothing is held');
  const outcome = await ask(url, 'DELETE', `/allocations/${consumer.uuid}`);
  // Nobody else removes it: "there is none" says that a claim was lost, and the end of the run says it, too.
  if (outcome.status === 404) record.lost.push(consumer.uuid);
  consumer.fate = fateBy(outcome, 'released', 'claimed');
  if (consumer.fate === 'claimed') held.push(consumer);
  return outcome;
}

/** HAProxy's own 503, in HTML: it has sent the request to nobody. */
const SENT_TO_NOBODY = 'No server is available to handle this request';

/** What an answer says. The service's own 503 promises that nothing was done unless it says "not known". */
function fateBy({ status, body }: Outcome, done: Fate, notDone: Fate): Fate {
  if (status === 204) return done;
  if (status === 409 || status === 404 || status === -1) return notDone;
  if (status === 503 && typeof body === 'string' && body.includes(SENT_TO_NOBODY)) return notDone;
  const detail = (body as { errors?: { detail?: string }[] } | undefined)?.errors?.[0]?.detail;
  return status === 503 && detail !== undefined && !detail.includes('not known') ? notDone : 'unknown';
}

function ask(url: string, method: string, path: string, body?: object): Promise<Outcome> {
  return send(url, { method, path, body, headers: PLACEMENT, limitMs: LIMIT_MS });
}

async function must(url: string, method: string, path: string, body: object): Promise<void> {
  const { status, body: answer } = await ask(url, method, path, body);
  if (status < 200 || status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
}
