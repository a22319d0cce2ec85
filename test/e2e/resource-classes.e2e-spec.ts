import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { claim, fault, makeProvider, ok, refusal, schemaFault, schemaText, usageOf } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

interface Listed {
  readonly resource_classes: readonly { readonly name: string; readonly links: readonly object[] }[];
}

/** As published with os-resource-classes 1.1.0, in the order of their ids (spec data_model.md §4). */
const STANDARD = [
  'VCPU MEMORY_MB DISK_GB PCI_DEVICE SRIOV_NET_VF NUMA_SOCKET NUMA_CORE NUMA_THREAD NUMA_MEMORY_MB IPV4_ADDRESS VGPU',
  'VGPU_DISPLAY_HEAD NET_BW_EGR_KILOBIT_PER_SEC NET_BW_IGR_KILOBIT_PER_SEC PCPU MEM_ENCRYPTION_CONTEXT FPGA PGPU',
  'NET_PACKET_RATE_KILOPACKET_PER_SEC NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC',
].flatMap((line) => line.split(' '));

const LONGEST = `CUSTOM_${'A'.repeat(248)}`;
const PATTERN = '^CUSTOM_[A-Z0-9_]+$';

let story: Story;
let http: Client;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
});

afterAll(() => story.close());

function shown(name: string): object {
  return { name, links: [{ rel: 'self', href: `/resource_classes/${name}` }] };
}

async function names(): Promise<string[]> {
  const { resource_classes } = await ok(http.get<Listed>('/resource_classes?ignored=yes'));
  return resource_classes.map(({ name }) => name);
}

describe('before resource classes existed', () => {
  it.each([
    ['get', '/resource_classes'],
    ['post', '/resource_classes'],
    ['get', '/resource_classes/VCPU'],
    ['put', '/resource_classes/CUSTOM_A'],
    ['delete', '/resource_classes/CUSTOM_A'],
  ] as const)('%s %s is not there at 1.1, and the version is looked at first', async (method, path) => {
    const old = story.at(1);
    const reply =
      method === 'get' ? await old.get(path) : await old[method](path, 'x', { 'content-type': 'text/plain' });
    expect(refusal(reply)).toEqual({ status: 404, message: '' });
  });
});

describe('a fresh system', () => {
  it('lists the standard classes in their order', async () => {
    const reply = await story.at(2).get<Listed>('/resource_classes');
    expect(reply.body).toEqual({ resource_classes: STANDARD.map(shown) });
    expect(reply.headers).not.toHaveProperty('cache-control');
  });

  it('shows one', async () => {
    const reply = await http.get('/resource_classes/VCPU');
    expect([reply.status, reply.body]).toEqual([200, shown('VCPU')]);
    expect(reply.headers['cache-control']).toBe('no-cache');
    expect(reply.headers['last-modified']).toMatch(/ GMT$/);
    expect((await story.at(14).get('/resource_classes/VCPU')).headers).not.toHaveProperty('last-modified');
  });

  it.each(['CUSTOM_NOBODY', 'vcpu'])('does not know %s', async (name) => {
    expect(refusal(await http.get(`/resource_classes/${name}`))).toEqual(fault(404, `No such resource class ${name}.`));
  });
});

describe('POST /resource_classes', () => {
  it('creates a custom class, once', async () => {
    const reply = await http.post('/resource_classes', { name: 'CUSTOM_ONE' });
    expect([reply.status, reply.body]).toEqual([201, undefined]);
    expect(reply.headers.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/resource_classes\/CUSTOM_ONE$/);
    expect(reply.headers).not.toHaveProperty('content-type');
    expect(reply.headers).not.toHaveProperty('cache-control');
    expect((await http.get('/resource_classes/CUSTOM_ONE')).body).toEqual(shown('CUSTOM_ONE'));
    expect(refusal(await http.post('/resource_classes', { name: 'CUSTOM_ONE' }))).toEqual(
      fault(409, 'Conflicting resource class already exists: CUSTOM_ONE'),
    );
    expect((await http.post('/resource_classes', { name: 'CUSTOM_TWO' })).status).toBe(201);
    expect(await names()).toEqual([...STANDARD, 'CUSTOM_ONE', 'CUSTOM_TWO']);
  });

  it.each([
    ['a standard name', { name: 'VCPU' }, `'VCPU' does not match '${PATTERN}'`, 'pattern'],
    ['nothing after the prefix', { name: 'CUSTOM_' }, `'CUSTOM_' does not match '${PATTERN}'`, 'pattern'],
    ['a small letter', { name: 'CUSTOM_a' }, `'CUSTOM_a' does not match '${PATTERN}'`, 'pattern'],
    ['a NUL', { name: 'CUSTOM_A\u0000' }, /does not match/, 'pattern'],
    ['256 characters', { name: `${LONGEST}A` }, `'${LONGEST}A' is too long`, 'maxLength'],
    ['a number', { name: 5 }, "5 is not of type 'string'", 'type'],
    ['no name', {}, "'name' is a required property", 'required'],
    [
      'something else',
      { name: 'CUSTOM_A', links: [] },
      "Additional properties are not allowed ('links' was unexpected)",
      'additionalProperties',
    ],
  ])('refuses %s', async (_what, body, short, keyword) => {
    expect(refusal(await http.post('/resource_classes', body))).toEqual(schemaFault(short, keyword));
  });
});

describe('PUT /resource_classes/{name} before 1.7 renames', () => {
  it.each(['1.2', '1.6'])('and everything keeps pointing to the class, at %s', async (version) => {
    const old = http.with({ version });
    const [from, to] = [`CUSTOM_FROM_${version.replace('.', '_')}`, `CUSTOM_TO_${version.replace('.', '_')}`];
    await ok(http.put(`/resource_classes/${from}`), 201);
    const provider = await makeProvider(http, { [from]: 10 });
    const consumer = await claim(http, { [provider]: { [from]: 3 } });
    const reply = await old.put(`/resource_classes/${from}`, { name: to });
    expect([reply.status, reply.body]).toEqual([200, shown(to)]);
    expect(refusal(await http.get(`/resource_classes/${from}`)).status).toBe(404);
    expect(await usageOf(http, provider)).toEqual({ [to]: 3 });
    const held = await http.get<{ allocations: object }>(`/allocations/${consumer}`);
    expect(held.body.allocations).toMatchObject({ [provider]: { resources: { [to]: 3 } } });
  });

  it.each([
    [
      'a bad body, before the class is looked up',
      'CUSTOM_NOBODY',
      { name: 'VCPU' },
      400,
      schemaText(/match/, 'pattern'),
    ],
    ['a class nobody knows', 'CUSTOM_NOBODY', { name: 'CUSTOM_X' }, 404, 'No such resource class CUSTOM_NOBODY.'],
    ['a standard class', 'VCPU', { name: 'CUSTOM_X' }, 400, 'Cannot update standard resource class VCPU'],
    ['a name that is taken', 'CUSTOM_ONE', { name: 'CUSTOM_TWO' }, 409, 'Resource class already exists: CUSTOM_TWO'],
  ])('refuses %s', async (_what, name, body, status, message) => {
    expect(refusal(await story.at(6).put(`/resource_classes/${name}`, body))).toEqual({ status, message });
    expect(await names()).toEqual(expect.arrayContaining(['CUSTOM_ONE', 'CUSTOM_TWO']));
  });

  it('wants a body', async () => {
    const empty = await story.at(6).put('/resource_classes/CUSTOM_ONE', '', { 'content-type': 'application/json' });
    expect(refusal(empty)).toEqual({ status: 400, message: expect.stringMatching(/^Malformed JSON: /) });
    expect(refusal(await story.at(6).put('/resource_classes/CUSTOM_ONE'))).toMatchObject({ status: 415 });
  });
});

describe('PUT /resource_classes/{name} from 1.7 on creates or confirms', () => {
  it('without a body', async () => {
    const first = await story.at(7).put('/resource_classes/CUSTOM_THREE');
    const again = await http.put('/resource_classes/CUSTOM_THREE', 'x', { 'content-type': 'text/plain' });
    expect([first.status, again.status]).toEqual([201, 204]);
    for (const { headers, body } of [first, again]) {
      expect(headers.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/resource_classes\/CUSTOM_THREE$/);
      expect(headers).not.toHaveProperty('content-type');
      expect(headers).not.toHaveProperty('cache-control');
      expect(body).toBeUndefined();
    }
    expect(await names()).toContain('CUSTOM_THREE');
  });

  it.each([
    ['VCPU', `'VCPU' does not match '${PATTERN}'`, 'pattern'],
    ['CUSTOM_', `'CUSTOM_' does not match '${PATTERN}'`, 'pattern'],
    ['CUSTOM_A%00', /does not match/, 'pattern'],
    [`${LONGEST}A`, `'${LONGEST}A' is too long`, 'maxLength'],
  ])('refuses %s', async (name, short, keyword) => {
    expect(refusal(await http.put(`/resource_classes/${name}`))).toEqual(schemaFault(short, keyword));
  });

  it('takes 255 characters', async () => {
    expect((await http.put(`/resource_classes/${LONGEST}`)).status).toBe(201);
    expect((await http.delete(`/resource_classes/${LONGEST}`)).status).toBe(204);
  });
});

describe('DELETE /resource_classes/{name}', () => {
  it('refuses what nobody knows, what is standard, and what is in an inventory', async () => {
    const failed = 'Error in delete resource class: Cannot delete';
    const unused = `${failed} resource class CUSTOM_ONE. Class is in use in inventory.`;
    expect(refusal(await http.delete('/resource_classes/CUSTOM_NOBODY'))).toEqual(
      fault(404, 'No such resource class CUSTOM_NOBODY.'),
    );
    expect(refusal(await http.delete('/resource_classes/VCPU'))).toEqual(
      fault(400, `${failed} standard resource class VCPU.`),
    );
    const provider = await makeProvider(http, { CUSTOM_ONE: 5 });
    expect(refusal(await http.delete('/resource_classes/CUSTOM_ONE'))).toEqual(fault(409, unused));
    const consumer = await claim(http, { [provider]: { CUSTOM_ONE: 1 } });
    expect(refusal(await http.delete('/resource_classes/CUSTOM_ONE'))).toEqual(fault(409, unused));
    await ok(http.delete(`/allocations/${consumer}`), 204);
    await ok(http.delete(`/resource_providers/${provider}/inventories/CUSTOM_ONE`), 204);
    const gone = await http.delete('/resource_classes/CUSTOM_ONE');
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    expect(await names()).not.toContain('CUSTOM_ONE');
  });

  it.each(['get', 'delete'] as const)('%s does not fail on a name that cannot be stored', async (method) => {
    expect([400, 404]).toContain((await http[method]('/resource_classes/CUSTOM_A%00')).status);
  });
});
