import type { Client } from './http.js';

/** What a GET answered: status, body, and what it says of when that last changed, where that is not the time of asking. */
export type Answers = Readonly<Record<string, string>>;

interface Listed {
  readonly resource_providers: readonly { readonly uuid: string }[];
}

interface Held {
  readonly allocations: Readonly<Record<string, unknown>>;
  readonly project_id?: string;
  readonly user_id?: string;
}

const OF_A_PROVIDER = ['', '/inventories', '/usages', '/aggregates', '/traits', '/allocations'];

const CANDIDATES = [
  'resources=VCPU:1',
  'resources=VCPU:2,MEMORY_MB:64',
  'resources=VCPU:1,MEMORY_MB:64,DISK_GB:5',
  'resources1=VCPU:1&resources=MEMORY_MB:64&group_policy=none',
];

/**
 * Asks a service for all that there is to read of Placement, and answers it by path. `unordered`: lists are sorted and times left out, for
 * services that need not agree in them.
 */
export async function readWholeApi(at: Client, { unordered = false } = {}): Promise<Answers> {
  const answers: Record<string, string> = {};
  const read = async (path: string, dated = false): Promise<unknown> => {
    const { status, headers, body } = await at.get(path);
    const shown = unordered ? sorted(body) : body;
    const date = dated && !unordered ? headers['last-modified'] : undefined;
    answers[path] = JSON.stringify([status, shown, date]);
    return body;
  };
  await read('/traits?name=startswith:CUSTOM_');
  await read('/resource_classes');
  const { resource_providers: providers } = (await read('/resource_providers')) as Listed;
  const consumers = new Set<string>();
  const owners = new Set<string>();
  for (const { uuid } of providers) {
    for (const part of OF_A_PROVIDER) {
      const body = await read(`/resource_providers/${uuid}${part}`, part === '');
      if (part === '/allocations')
        for (const consumer of Object.keys((body as Held).allocations)) consumers.add(consumer);
    }
    await read(`/resource_providers?in_tree=${uuid}`);
  }
  for (const consumer of consumers) {
    const { project_id, user_id } = (await read(`/allocations/${consumer}`, true)) as Held;
    owners.add(`project_id=${project_id}`).add(`project_id=${project_id}&user_id=${user_id}`);
  }
  for (const owner of owners) await read(`/usages?${owner}`);
  for (const query of CANDIDATES) await read(`/allocation_candidates?${query}`);
  return answers;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(sorted(one))).sort();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, sorted(one)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
