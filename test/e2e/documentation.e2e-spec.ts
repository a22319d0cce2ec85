import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from '../support/http.js';
import { ENDPOINTS } from './http-endpoints.js';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

interface Operation {
  readonly 'x-berth-contract'?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Record<string, unknown>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, { readonly schema: object }> }>>;
}

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly properties?: object;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
}

let story: Story;
let document: Document;

beforeAll(async () => {
  story = await openStory();
  const reply = await client(story.url, { token: null }).get<Document>('/docs-json');
  expect(reply.status).toBe(200);
  document = reply.body;
}, STORY_LIMIT_MS);

afterAll(() => story.close(), STORY_LIMIT_MS);

function operationOf(method: string, path: string): Operation {
  const operation = document.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${path} is not documented`);
  return operation;
}

const bodyOf = (method: string, path: string): Schema | undefined =>
  operationOf(method, path).requestBody?.content['application/json']?.schema;

describe('the document', () => {
  it('says what it is of', () => {
    expect(document.openapi).toMatch(/^3\./);
    expect(document.info).toMatchObject({ title: 'Berth', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(document.components.securitySchemes['X-Auth-Token']).toEqual({
      type: 'apiKey',
      in: 'header',
      name: 'X-Auth-Token',
    });
  });

  it('has every endpoint of the API and beside them only those of berth 1.0 (spec http.md §2)', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => operation['x-berth-contract'] === undefined)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    const wanted = ['GET /', ...ENDPOINTS.map(({ method, path }) => `${method} ${path}`)];
    expect(documented.sort()).toEqual([...new Set(wanted)].sort());
  });

  it.each(ENDPOINTS)('$method $path tells what it takes', ({ method, path, rule, since }) => {
    const { summary, description, security, parameters = [], responses } = operationOf(method, path);
    expect(summary).toMatch(/\w/);
    expect(description).toContain(rule);
    if (since > 0) expect(description).toContain(`1.${since}.`);
    expect(security).toContainEqual({ 'X-Auth-Token': [] });
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(
      parameters
        .filter((one) => one.in === 'path')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(inPath.sort());
    expect(parameters).toContainEqual(expect.objectContaining({ name: 'OpenStack-API-Version', in: 'header' }));
    for (const status of ['401', '403']) {
      expect(responses[status]?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Errors' });
    }
    expect(document.components.schemas).toHaveProperty('Errors');
  });

  it('discovery needs no token', () => {
    expect(operationOf('GET', '/').security ?? []).toEqual([]);
  });
});

describe('bodies in the document', () => {
  const reading = ENDPOINTS.filter(({ reads }) => reads);
  const others = ENDPOINTS.filter(
    (row) => !row.reads && !reading.some(({ method, path }) => method === row.method && path === row.path),
  );

  it.each(reading)('$method $path has a schema', ({ method, path }) => {
    const schema = bodyOf(method, path);
    for (const one of schema?.oneOf ?? [schema])
      expect(one).toMatchObject({ type: expect.stringMatching(/object|array/) });
  });

  it.each(others)('$method $path has none', ({ method, path }) => {
    expect(operationOf(method, path).requestBody).toBeUndefined();
  });

  it.each([
    ['POST', '/resource_providers', ['name', 'uuid'], ['name']],
    ['PUT', '/resource_providers/{uuid}', ['name'], ['name']],
    ['POST', '/resource_providers/{uuid}/inventories', ['resource_class', 'total'], ['resource_class', 'total']],
    [
      'PUT',
      '/resource_providers/{uuid}/inventories',
      ['inventories', 'resource_provider_generation'],
      ['inventories', 'resource_provider_generation'],
    ],
    [
      'PUT',
      '/resource_providers/{uuid}/inventories/{resource_class}',
      ['resource_provider_generation', 'total'],
      ['resource_provider_generation', 'total'],
    ],
    ['PUT', '/resource_providers/{uuid}/traits', ['traits'], ['resource_provider_generation', 'traits']],
    ['POST', '/resource_classes', ['name'], ['name']],
  ])('%s %s names its members', (method, path, properties, required) => {
    const schema = bodyOf(method, path);
    for (const one of schema?.oneOf ?? [schema]) {
      expect(Object.keys(one?.properties ?? {})).toEqual(expect.arrayContaining(properties));
      expect([...(one?.required ?? [])].sort()).toEqual(required);
    }
  });

  it('allocations have a schema for each version that changed them', () => {
    const titles = bodyOf('PUT', '/allocations/{consumer_uuid}')?.oneOf?.map(({ title }) => title);
    expect(titles).toEqual([
      'since 1.0',
      'since 1.8',
      'since 1.12',
      'since 1.28',
      'since 1.34',
      'since 1.38',
      'berth 1.0',
    ]);
  });
});

describe('the page', () => {
  it('is HTML, for anybody', async () => {
    const { status, headers, body } = await client(story.url, { token: null }).get('/docs', { accept: 'text/html' });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/html');
    expect(String(body)).toContain('swagger-ui');
  });

  it('comes with its script', async () => {
    const { status, headers } = await client(story.url, { token: null }).get('/docs/swagger-ui-init.js');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('javascript');
  });
});
