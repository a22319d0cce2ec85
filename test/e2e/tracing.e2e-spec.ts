import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { client } from '../support/http.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';
import { openStory, type Story } from './http-story.js';

/** As OTLP has it in JSON. */
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

interface Collector {
  readonly url: string;
  readonly spans: Span[];
  readonly resources: Span['attributes'][];
  close(): void;
}

const LIMIT_MS = 60_000;
const TEST_LIMIT_MS = 180_000;
const SERVER_KIND = 2;

/** Sent at once, so that nobody waits for a batch to be full. */
const PROMPT = { OTEL_BSP_SCHEDULE_DELAY: '50' };

async function startCollector(): Promise<Collector> {
  const spans: Span[] = [];
  const resources: Span['attributes'][] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Export;
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource.attributes);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, spans, resources, close };
}

function attribute(attributes: Span['attributes'], name: string): unknown {
  const value = attributes.find(({ key }) => key === name)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(() => collector.close());

const tracedStory = (env: Readonly<Record<string, string>> = {}): Promise<Story> =>
  openStory({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...PROMPT, ...env });

const spanOf = (fits: (span: Span) => boolean, what: string): Promise<Span> =>
  waitFor(() => collector.spans.find(fits), { limitMs: LIMIT_MS, what });

const idOf = ({ headers }: { readonly headers: object }): unknown =>
  (headers as Record<string, unknown>)['x-openstack-request-id'];

const spanOfReply = (reply: { readonly headers: object }): Promise<Span> =>
  spanOf(({ attributes }) => attribute(attributes, 'berth.request_id') === idOf(reply), 'the span of a request');

describe('a traced service', () => {
  it(
    'tells of each request as a part of what its client does, and of its work',
    async () => {
      const story = await tracedStory({ OTEL_SERVICE_NAME: 'placement-one' });
      try {
        const http = story.at(39);
        const traceId = randomBytes(16).toString('hex');
        const parent = randomBytes(8).toString('hex');
        const asked = { traceparent: `00-${traceId}-${parent}-01` };
        const uuid = randomUUID();
        await http.post('/resource_providers', { name: 'host', uuid });
        const body = { resource_provider_generation: 0, inventories: { VCPU: { total: 4 } } };
        expect((await http.put(`/resource_providers/${uuid}/inventories`, body)).status).toBe(200);
        const search = await http.get('/allocation_candidates?resources=VCPU:1', asked);
        const searched = await spanOfReply(search);
        expect(searched).toMatchObject({
          name: 'GET /allocation_candidates',
          traceId,
          parentSpanId: parent,
          kind: SERVER_KIND,
        });
        expect(attribute(searched.attributes, 'http.response.status_code')).toBe(200);
        expect(attribute(searched.attributes, 'http.route')).toBe('/allocation_candidates');
        expect(attribute(searched.attributes, 'berth.microversion')).toBe('1.39');
        const below = await spanOf(
          ({ name, parentSpanId }) => name === 'candidates.search' && parentSpanId === searched.spanId,
          'the search',
        );
        expect(below.traceId).toBe(traceId);

        const classes = await spanOfReply(await http.put('/resource_classes/CUSTOM_TRACED', undefined, asked));
        const transaction = await spanOf(({ parentSpanId }) => parentSpanId === classes.spanId, 'the transaction');
        expect(transaction).toMatchObject({ traceId, name: expect.stringMatching(/^resourceClasses\./) });

        const refused = await spanOfReply(await http.get(`/resource_providers/${randomUUID()}`));
        expect(attribute(refused.attributes, 'berth.reason')).toBe('berth.provider_not_found');
        expect(refused.parentSpanId ?? '').toBe('');
        expect(attribute(collector.resources[0] ?? [], 'service.name')).toBe('placement-one');
        expect(collector.spans.filter(({ name }) => /healthz|readyz|metrics/.test(name))).toEqual([]);
      } finally {
        await story.close();
      }
    },
    TEST_LIMIT_MS,
  );

  it(
    'links a group of claims to the requests in it',
    async () => {
      const story = await tracedStory();
      try {
        const http = story.at(39);
        const uuid = randomUUID();
        await http.post('/resource_providers', { name: 'host', uuid });
        const body = { resource_provider_generation: 0, inventories: { VCPU: { total: 400 } } };
        await http.put(`/resource_providers/${uuid}/inventories`, body);
        const replies = await Promise.all(
          Array.from({ length: 8 }, () =>
            http.put(`/allocations/${randomUUID()}`, {
              ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
              allocations: { [uuid]: { resources: { VCPU: 1 } } },
            }),
          ),
        );
        expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 204));
        for (const reply of replies) {
          const request = await spanOfReply(reply);
          const group = await spanOf(
            ({ name, links }) =>
              name === 'claims.group' && links?.some(({ spanId }) => spanId === request.spanId) === true,
            'the group of a claim',
          );
          expect(group.parentSpanId).toBe(group.links?.[0]?.spanId);
          await spanOf(
            ({ name, parentSpanId }) => name === 'claims' && parentSpanId === group.spanId,
            'its transaction',
          );
        }
      } finally {
        await story.close();
      }
    },
    TEST_LIMIT_MS,
  );

  it(
    'sends what it has before it ends',
    async () => {
      const story = await tracedStory({ OTEL_BSP_SCHEDULE_DELAY: '600000' });
      const reply = await story.at(39).get('/traits');
      expect(collector.spans).toEqual([]);
      expect(await story.server.stop()).toBe(0);
      await spanOfReply(reply);
      await story.database.drop();
    },
    TEST_LIMIT_MS,
  );

  it(
    'samples as the environment says',
    async () => {
      const story = await tracedStory({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
      const http = client(story.url, { version: '1.39' });
      await http.get('/traits');
      const traceId = randomBytes(16).toString('hex');
      const asked = await http.get('/traits', { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` });
      await spanOfReply(asked);
      await story.close();
      expect(new Set(collector.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    },
    TEST_LIMIT_MS,
  );

  it(
    'serves and ends as ever where no collector is',
    async () => {
      const story = await openStory({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`, ...PROMPT });
      for (let at = 0; at < 20; at += 1) expect((await story.at(39).get('/traits')).status).toBe(200);
      expect(await story.server.stop()).toBe(0);
      await story.database.drop();
    },
    TEST_LIMIT_MS,
  );
});
