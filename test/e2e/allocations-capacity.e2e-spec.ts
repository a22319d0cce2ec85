import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import {
  claim,
  claimBody,
  fault,
  generationOf,
  makeProvider,
  ok,
  refusal,
  setInventories,
  usageOf,
  type Claims,
} from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

let story: Story;
let http: Client;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
});

afterAll(() => story.close());

/** What a claim by a new consumer comes to: granted, or the message of the refusal. */
async function tryClaim(
  claims: Claims,
  consumer: string = randomUUID(),
  generation: number | null = null,
): Promise<string> {
  const reply = await http.put(`/allocations/${consumer}`, claimBody(claims, generation));
  if (reply.status === 204) return 'granted';
  const { message } = refusal(reply);
  expect(refusal(reply)).toEqual(fault(409, message));
  return message;
}

const constraints = (name: string, provider: string): string =>
  `Unable to allocate inventory: Unable to create allocation for '${name}' on resource provider '${provider}'. ` +
  'The requested amount would violate inventory constraints.';
const capacity = (name: string, provider: string): string =>
  `Unable to allocate inventory: Unable to create allocation for '${name}' on resource provider '${provider}'. ` +
  'The requested amount would exceed the capacity.';
const none = (names: string, providers: string): string =>
  `Unable to allocate inventory: Inventory for '${names}' on resource provider '${providers}' invalid.`;

describe('one provider', () => {
  let provider: string;

  beforeAll(async () => {
    provider = await makeProvider(http, {
      VCPU: { total: 10, min_unit: 2, max_unit: 6, step_size: 2 },
      DISK_GB: { total: 100, reserved: 10, allocation_ratio: 1.5 },
    });
  });

  it.each([1, 3, 8])('refuses VCPU %i for its units', async (amount) => {
    expect(await tryClaim({ [provider]: { VCPU: amount } })).toBe(constraints('VCPU', provider));
  });

  it('refuses an amount beyond all numbers for its units', async () => {
    const text = JSON.stringify(claimBody({ [provider]: { VCPU: 7 } })).replace(
      '"VCPU":7',
      `"VCPU":1${'0'.repeat(24)}`,
    );
    expect(refusal(await http.put(`/allocations/${randomUUID()}`, text))).toEqual(
      fault(409, constraints('VCPU', provider)),
    );
  });

  it('refuses more than there is', async () => {
    expect(await tryClaim({ [provider]: { DISK_GB: 136 } })).toBe(capacity('DISK_GB', provider));
  });

  it.each<[string, Record<string, number>]>([
    ['alone', { MEMORY_MB: 1 }],
    ['beside one that it has', { MEMORY_MB: 1, VCPU: 2 }],
    ['beside one whose units are violated', { MEMORY_MB: 1, VCPU: 1 }],
  ])('refuses a class that it does not have, %s', async (_how, resources) => {
    expect(await tryClaim({ [provider]: resources })).toBe(none('MEMORY_MB', provider));
  });

  it('has neither changed its generation nor its usage by refusals', async () => {
    expect(await generationOf(http, provider)).toBe(1);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 0, DISK_GB: 0 });
  });

  it('judges in the order of the body', async () => {
    expect(await tryClaim({ [provider]: { DISK_GB: 136, VCPU: 1 } })).toBe(capacity('DISK_GB', provider));
    expect(await tryClaim({ [provider]: { VCPU: 1, DISK_GB: 136 } })).toBe(constraints('VCPU', provider));
  });

  it('gives out its last unit, and 2.0 as 2', async () => {
    const text = JSON.stringify(claimBody({ [provider]: { VCPU: 2, DISK_GB: 135 } })).replace('"VCPU":2', '"VCPU":2.0');
    expect((await http.put(`/allocations/${randomUUID()}`, text)).status).toBe(204);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 2, DISK_GB: 135 });
    expect(await tryClaim({ [provider]: { DISK_GB: 1 } })).toBe(capacity('DISK_GB', provider));
    expect(await tryClaim({ [provider]: { VCPU: 6 } })).toBe('granted');
    expect(await tryClaim({ [provider]: { VCPU: 4 } })).toBe(capacity('VCPU', provider));
    expect(await tryClaim({ [provider]: { VCPU: 2 } })).toBe('granted');
  });

  it('compares with the capacity as a real number', async () => {
    const fraction = await makeProvider(http, {
      VCPU: { total: 3, allocation_ratio: 0.5 },
      DISK_GB: { total: 10, allocation_ratio: 1.1 },
      MEMORY_MB: { total: 10, reserved: 10 },
    });
    expect(await tryClaim({ [fraction]: { VCPU: 2 } })).toBe(capacity('VCPU', fraction));
    expect(await tryClaim({ [fraction]: { DISK_GB: 12 } })).toBe(capacity('DISK_GB', fraction));
    expect(await tryClaim({ [fraction]: { MEMORY_MB: 1 } })).toBe(capacity('MEMORY_MB', fraction));
    expect(await tryClaim({ [fraction]: { VCPU: 1, DISK_GB: 11 } })).toBe('granted');
  });
});

describe('providers without the class', () => {
  it('are named all together when they have none of the classes asked for', async () => {
    const rich = await makeProvider(http, { VCPU: 10, MEMORY_MB: 10 });
    const poor = await makeProvider(http, { DISK_GB: 10 });
    const empty = await makeProvider(http);
    const message = await tryClaim({ [rich]: { VCPU: 1 }, [poor]: { VCPU: 1 }, [empty]: { MEMORY_MB: 1 } });
    const classes = ['VCPU, MEMORY_MB', 'MEMORY_MB, VCPU'];
    const providers = [`${poor}, ${empty}`, `${empty}, ${poor}`];
    expect(classes.flatMap((names) => providers.map((uuids) => none(names, uuids)))).toContain(message);
    // With another of the classes it is a matter of the single allocation.
    expect(await tryClaim({ [rich]: { VCPU: 1 }, [poor]: { VCPU: 1, DISK_GB: 1 } })).toBe(none('VCPU', poor));
    expect(await usageOf(http, rich)).toEqual({ VCPU: 0, MEMORY_MB: 0 });
  });
});

describe('a rewrite', () => {
  it('counts the own former allocations as free', async () => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const consumer = await claim(http, { [provider]: { VCPU: 10 } });
    await claim(http, { [provider]: { VCPU: 9 } }, 1, consumer);
    expect(await tryClaim({ [provider]: { VCPU: 11 } }, consumer, 2)).toBe(capacity('VCPU', provider));
    await claim(http, { [provider]: { VCPU: 10 } }, 2, consumer);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 10 });
  });
});

describe('several consumers at once', () => {
  it('are summed for capacity, and judged one by one for units', async () => {
    const provider = await makeProvider(http, { VCPU: { total: 10, max_unit: 6 } });
    const post = (...amounts: number[]): ReturnType<Client['post']> =>
      http.post(
        '/allocations',
        Object.fromEntries(amounts.map((amount) => [randomUUID(), claimBody({ [provider]: { VCPU: amount } })])),
      );
    expect(refusal(await post(6, 5))).toEqual(fault(409, capacity('VCPU', provider)));
    expect(refusal(await post(1, 7))).toEqual(fault(409, constraints('VCPU', provider)));
    expect(await usageOf(http, provider)).toEqual({ VCPU: 0 });
    expect((await post(4, 6)).status).toBe(204);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 10 });
  });

  it('may swap a full provider among themselves', async () => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const big = await claim(http, { [provider]: { VCPU: 7 } });
    const small = await claim(http, { [provider]: { VCPU: 3 } });
    const swapped = {
      [small]: claimBody({ [provider]: { VCPU: 7 } }, 1),
      [big]: claimBody({ [provider]: { VCPU: 3 } }, 1),
    };
    expect((await http.post('/allocations', swapped)).status).toBe(204);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 10 });
  });

  it('may hand all over to a new one', async () => {
    const provider = await makeProvider(http, { VCPU: 10 });
    const former = await claim(http, { [provider]: { VCPU: 10 } });
    const heir = randomUUID();
    const body = { [former]: claimBody({}, 1), [heir]: claimBody({ [provider]: { VCPU: 10 } }) };
    expect((await http.post('/allocations', body)).status).toBe(204);
    expect(await ok(http.get(`/allocations/${former}`))).toEqual({ allocations: {} });
    expect(await ok(http.get(`/allocations/${heir}`))).toMatchObject({ consumer_generation: 1 });
  });
});

describe('a provider that shrank below what it gave out', () => {
  let provider: string;
  let a: string;
  let b: string;

  beforeAll(async () => {
    provider = await makeProvider(http, { VCPU: 10 });
    a = await claim(http, { [provider]: { VCPU: 5 } });
    b = await claim(http, { [provider]: { VCPU: 5 } });
    await setInventories(http, provider, { VCPU: 3 });
  });

  it('gives nothing to a newcomer, and no more to whoever is there', async () => {
    expect(await tryClaim({ [provider]: { VCPU: 1 } })).toBe(capacity('VCPU', provider));
    expect(await tryClaim({ [provider]: { VCPU: 6 } }, b, 1)).toBe(capacity('VCPU', provider));
    expect(await usageOf(http, provider)).toEqual({ VCPU: 10 });
  });

  it('may stay as it is or be relieved', async () => {
    expect(await tryClaim({ [provider]: { VCPU: 5 } }, b, 1)).toBe('granted');
    const swapped = { [a]: claimBody({ [provider]: { VCPU: 6 } }, 1), [b]: claimBody({ [provider]: { VCPU: 4 } }, 2) };
    expect((await http.post('/allocations', swapped)).status).toBe(204);
    expect(await tryClaim({ [provider]: { VCPU: 3 } }, b, 3)).toBe('granted');
    expect(await usageOf(http, provider)).toEqual({ VCPU: 9 });
  });

  it('is never made worse again', async () => {
    expect(await tryClaim({ [provider]: { VCPU: 4 } }, b, 4)).toBe(capacity('VCPU', provider));
    expect(await usageOf(http, provider)).toEqual({ VCPU: 9 });
  });

  it('still holds its units against everybody', async () => {
    await setInventories(http, provider, { VCPU: { total: 3, max_unit: 2 } });
    expect(await tryClaim({ [provider]: { VCPU: 3 } }, b, 4)).toBe(constraints('VCPU', provider));
  });

  it('lets everybody go', async () => {
    await ok(http.put(`/allocations/${b}`, claimBody({}, 4)), 204);
    await ok(http.delete(`/allocations/${a}`), 204);
    expect(await usageOf(http, provider)).toEqual({ VCPU: 0 });
    expect(await tryClaim({ [provider]: { VCPU: 2 } })).toBe('granted');
  });
});
