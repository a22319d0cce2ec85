import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../support/http.js';
import { fault, makeProvider, refusal, schemaText } from './allocations-story.js';
import { openStory, type Story } from './http-story.js';

const INVALID =
  'The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "CUSTOM_" ' +
  'and use following characters: "A"-"Z", "0"-"9" and "_"';
const LONGEST = `CUSTOM_${'A'.repeat(248)}`;

let story: Story;
let http: Client;

beforeAll(async () => {
  story = await openStory();
  http = story.at(39);
});

afterAll(() => story.close());

async function list(query = ''): Promise<string[]> {
  return (await http.get<{ traits: string[] }>(`/traits${query}`)).body.traits;
}

describe('before traits existed', () => {
  it.each([
    ['get', '/traits'],
    ['get', '/traits/HW_CPU_X86_AVX'],
    ['put', '/traits/CUSTOM_A'],
    ['delete', '/traits/CUSTOM_A'],
  ] as const)('%s %s is not there at 1.5', async (method, path) => {
    expect(refusal(await story.at(5)[method](path))).toEqual({ status: 404, message: '' });
  });
});

describe('a fresh system', () => {
  it('knows the standard traits and nothing else', async () => {
    const traits = await list();
    expect(traits).toHaveLength(377);
    expect(new Set(traits).size).toBe(377);
    expect(traits).toEqual(expect.arrayContaining(['HW_CPU_X86_AVX', 'MISC_SHARES_VIA_AGGREGATE', 'HW_NVME_BES']));
    expect(traits.filter((name) => name.startsWith('CUSTOM_'))).toEqual([]);
  });

  it('shows a standard trait with an empty answer, whatever is accepted', async () => {
    const reply = await http.get('/traits/HW_CPU_X86_AVX', { accept: 'text/plain' });
    expect([reply.status, reply.body]).toEqual([204, undefined]);
    expect(reply.headers).not.toHaveProperty('content-type');
    expect(reply.headers['cache-control']).toBe('no-cache');
    expect(reply.headers['last-modified']).toMatch(/ GMT$/);
    expect((await story.at(14).get('/traits/HW_CPU_X86_AVX')).headers).not.toHaveProperty('last-modified');
  });
});

describe('PUT /traits/{name}', () => {
  it('creates, then confirms, without a body or a content type', async () => {
    const first = await story.at(6).put('/traits/CUSTOM_A');
    const again = await http.put('/traits/CUSTOM_A', 'no JSON at all', { 'content-type': 'text/plain' });
    expect([first.status, again.status]).toEqual([201, 204]);
    for (const { headers, body } of [first, again]) {
      expect(headers.location).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/traits\/CUSTOM_A$/);
      expect(headers).not.toHaveProperty('content-type');
      expect(body).toBeUndefined();
    }
    expect(first.headers).not.toHaveProperty('cache-control');
    expect(again.headers['cache-control']).toBe('no-cache');
    expect(again.headers['last-modified']).toMatch(/ GMT$/);
    expect((await http.get('/traits/CUSTOM_A')).status).toBe(204);
    expect(await list()).toHaveLength(378);
  });

  it.each([
    'CUSTOM_',
    'CUSTOM_a',
    'CUSTOM_%C3%89',
    'HW_CPU_X86_AVX',
    'ABC',
    'CUSTOM_A%00',
    `${LONGEST}A`,
    'CUSTOM_A%0A',
  ])('refuses %s', async (name) => {
    expect(refusal(await http.put(`/traits/${name}`))).toEqual(fault(400, INVALID));
  });

  it('takes 255 characters', async () => {
    expect((await http.put(`/traits/${LONGEST}`)).status).toBe(201);
    expect((await http.delete(`/traits/${LONGEST}`)).status).toBe(204);
  });

  it('is the only way: there is no POST', async () => {
    const reply = await http.post('/traits', { name: 'CUSTOM_A' });
    expect(refusal(reply)).toEqual(fault(405, 'The method specified is not allowed for this resource.'));
    expect(reply.headers.allow).toBe('GET');
  });
});

describe('GET /traits', () => {
  it('filters by name', async () => {
    for (const name of ['CUSTOM_B1', 'CUSTOM_B2']) expect((await http.put(`/traits/${name}`)).status).toBe(201);
    expect((await list('?name=in:CUSTOM_B1,HW_CPU_X86_AVX,CUSTOM_NOBODY')).sort()).toEqual([
      'CUSTOM_B1',
      'HW_CPU_X86_AVX',
    ]);
    expect((await list('?name=startswith:CUSTOM_B')).sort()).toEqual(['CUSTOM_B1', 'CUSTOM_B2']);
    expect(await list('?name=startswith:CUSTOM_NOBODY')).toEqual([]);
    expect(await list('?name=in:')).toEqual([]);
    expect(await list('?name=startswith:')).toHaveLength(380);
    expect(await list('?name=pony:CUSTOM_B1')).toHaveLength(380);
    // Of a key that is repeated the last counts.
    expect(await list('?name=in:CUSTOM_A&name=in:CUSTOM_B2')).toEqual(['CUSTOM_B2']);
  });

  it('filters by association, in any letter case, beside the name', async () => {
    const provider = await makeProvider(http);
    const body = { traits: ['CUSTOM_B1', 'HW_CPU_X86_AVX'], resource_provider_generation: 0 };
    expect((await http.put(`/resource_providers/${provider}/traits`, body)).status).toBe(200);
    for (const word of ['true', 'True', 'TRUE']) {
      expect((await list(`?associated=${word}`)).sort()).toEqual(['CUSTOM_B1', 'HW_CPU_X86_AVX']);
    }
    const free = await list('?associated=FALSE');
    expect(free).toHaveLength(378);
    expect(free).not.toContain('CUSTOM_B1');
    expect(await list('?name=startswith:CUSTOM_B&associated=true')).toEqual(['CUSTOM_B1']);
    expect(await list('?associated=false&name=startswith:CUSTOM_B')).toEqual(['CUSTOM_B2']);
  });

  it.each(['', 'maybe', 'true,false', '1'])('refuses associated=%s', async (value) => {
    expect(refusal(await http.get(`/traits?associated=${value}`))).toEqual(
      fault(400, 'The query parameter "associated" only accepts "true" or "false"'),
    );
  });

  it.each(['CUSTOM_B1', ''])('refuses name=%s, which has no colon, before it looks at associated', async (value) => {
    expect(refusal(await http.get(`/traits?name=${value}&associated=maybe`))).toEqual(
      fault(
        400,
        'Badly formatted name parameter. Expected name query string parameter in form: ' +
          `?name=[in|startswith]:[name1,name2|prefix]. Got: "${value}"`,
      ),
    );
  });

  it('refuses other keys', async () => {
    const lead = 'Invalid query string parameters';
    expect(refusal(await http.get('/traits?unknown=1'))).toEqual(
      fault(
        400,
        schemaText("Additional properties are not allowed ('unknown' was unexpected)", 'additionalProperties', lead),
      ),
    );
  });

  it.each(['in:CUSTOM_B1%00,CUSTOM_B2', 'startswith:CUSTOM_%00'])(
    'refuses name=%s, which cannot be stored',
    async (value) => {
      expect(refusal(await http.get(`/traits?name=${value}`))).toMatchObject({ status: 400 });
    },
  );
});

describe('DELETE /traits/{name}', () => {
  it.each([
    ['CUSTOM_NOBODY', 404, 'No such trait(s): CUSTOM_NOBODY.'],
    ['NOBODY', 404, 'No such trait(s): NOBODY.'],
    ['HW_CPU_X86_AVX', 400, 'Cannot delete standard trait HW_CPU_X86_AVX.'],
    ['CUSTOM_B1', 409, 'The trait CUSTOM_B1 is in use by a resource provider.'],
  ])('refuses %s with %i', async (name, status, message) => {
    expect(refusal(await http.delete(`/traits/${name}`))).toEqual(fault(status, message));
  });

  it('removes a custom trait for good', async () => {
    expect((await http.delete('/traits/CUSTOM_A')).status).toBe(204);
    expect(refusal(await http.get('/traits/CUSTOM_A'))).toEqual(fault(404, 'No such trait(s): CUSTOM_A.'));
    expect(await list()).not.toContain('CUSTOM_A');
    expect((await http.put('/traits/CUSTOM_A')).status).toBe(201);
  });

  it.each(['get', 'delete'] as const)('%s does not fail on a name that cannot be stored', async (method) => {
    expect([400, 404]).toContain((await http[method]('/traits/CUSTOM_A%00')).status);
  });
});
