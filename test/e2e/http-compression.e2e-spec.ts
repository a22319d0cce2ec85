import { request, type IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStory, STORY_LIMIT_MS, type Story } from './http-story.js';

const ORIGIN = 'http://console.example';
/** All names of traits together are more than is compressed at once, 16 KB; those of the prefix are not. */
const LARGE = '/traits';
const MIDDLE = '/traits?name=startswith:HW_';
const SMALL = '/traits?name=in:HW_CPU_X86_AVX2';
const VERSION = 'openstack-api-version';

interface BytesReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { gzip: gunzipSync, br: brotliDecompressSync };

let story: Story;
let plainStory: Story;

beforeAll(async () => {
  [story, plainStory] = await Promise.all([
    openStory({ BERTH_CORS_ALLOWED_ORIGINS: ORIGIN }),
    openStory({ BERTH_COMPRESSION: 'off' }),
  ]);
  const names = Array.from({ length: 100 }, (_, index) => `CUSTOM_${'LONG_'.repeat(40)}${index}`);
  await Promise.all(names.map((name) => ask(`/traits/${name}`, {}, { method: 'PUT', url: story.url })));
  expect((await ask(LARGE)).bytes.length).toBeGreaterThan(20_000);
  expect((await ask(MIDDLE)).bytes.length).toBeLessThan(15_000);
}, STORY_LIMIT_MS);

afterAll(() => Promise.all([story.close(), plainStory.close()]), STORY_LIMIT_MS);

function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { method = 'GET', url = story.url } = {},
): Promise<BytesReply> {
  return new Promise((resolve, reject) => {
    const common = { 'x-auth-token': 'admin', [VERSION]: 'placement 1.39' };
    const outgoing = request(new URL(path, url), { method, headers: { ...common, ...headers } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes: Buffer.concat(chunks) });
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** All but what differs from answer to answer. */
function lasting({ headers }: BytesReply): object {
  const { date: _date, 'x-openstack-request-id': _id, 'last-modified': _modified, ...rest } = headers;
  return rest;
}

describe('an answer of 1 KB or more', () => {
  it.each([
    ['gzip', LARGE, 'gzip'],
    ['gzip', MIDDLE, 'gzip'],
    ['br', LARGE, 'br'],
    ['br', MIDDLE, 'br'],
    // What python-requests sends.
    ['gzip, deflate', LARGE, 'gzip'],
    // What browsers send.
    ['gzip, deflate, br, zstd', LARGE, 'br'],
    ['br;q=0, gzip;q=0.1', LARGE, 'gzip'],
    ['*', LARGE, 'br'],
  ])('is compressed for "%s": %s as %s', async (accepted, path, coding) => {
    const plain = await ask(path);
    const coded = await ask(path, { 'accept-encoding': accepted });
    expect(coded.status).toBe(200);
    expect(plain.bytes.length).toBeGreaterThanOrEqual(1024);
    expect(coded.bytes.length).toBeLessThan(plain.bytes.length);
    expect(DECODERS[coding]?.(coded.bytes)).toEqual(plain.bytes);
    expect(lasting(coded)).toEqual({
      ...lasting(plain),
      'content-encoding': coding,
      'content-length': `${coded.bytes.length}`,
      vary: `${VERSION},Accept-Encoding`,
    });
  });

  it.each(['identity', 'gzip;q=0', 'deflate', 'identity, gzip;q=0.5', 'gzip;q=0, br;q=0.0, *;q=0', ''])(
    'is what it always was for "%s"',
    async (accepted) => {
      const plain = await ask(LARGE);
      const reply = await ask(LARGE, { 'accept-encoding': accepted });
      expect(lasting(reply)).toEqual(lasting(plain));
      expect(reply.headers).toMatchObject({ vary: VERSION, 'content-length': `${plain.bytes.length}` });
      expect(reply.headers).not.toHaveProperty('content-encoding');
      expect(reply.bytes).toEqual(plain.bytes);
    },
  );

  it('varies by origin too where pages of others may read it', async () => {
    const reply = await ask(LARGE, { 'accept-encoding': 'gzip', origin: ORIGIN });
    expect(reply.headers.vary).toBe(`${VERSION},Origin,Accept-Encoding`);
  });

  it('may be an error', async () => {
    const query = `resources=${'X'.repeat(2000)}`;
    const plain = await ask(`/allocation_candidates?${query}`);
    const coded = await ask(`/allocation_candidates?${query}`, { 'accept-encoding': 'gzip' });
    expect([plain.status, coded.status, coded.headers['content-encoding']]).toEqual([400, 400, 'gzip']);
    const withoutId = (bytes: Buffer): string => bytes.toString().replace(/req-[0-9a-f-]+/, '');
    expect(withoutId(gunzipSync(coded.bytes))).toBe(withoutId(plain.bytes));
  });

  it('is what it always was where the service is told not to compress', async () => {
    const reply = await ask(LARGE, { 'accept-encoding': 'gzip' }, plainStory);
    expect(reply.headers).not.toHaveProperty('content-encoding');
    expect(JSON.parse(reply.bytes.toString())).toHaveProperty('traits');
  });
});

describe('an answer that is not worth it', () => {
  it.each([
    [SMALL, 'GET', 200],
    ['/traits/CUSTOM_NONE', 'GET', 404],
    ['/traits/HW_CPU_X86_AVX2', 'GET', 204],
    ['/traits/CUSTOM_NEW', 'PUT', 201],
    // HEAD is not served (spec http.md §5): its answer has no body.
    [LARGE, 'HEAD', 405],
  ])('is what it always was: %s %s', async (path, method, status) => {
    const reply = await ask(path, { 'accept-encoding': 'gzip, br' }, { method, url: story.url });
    expect(reply.status).toBe(status);
    expect(reply.headers).not.toHaveProperty('content-encoding');
    expect(reply.headers.vary ?? '').not.toContain('Accept-Encoding');
    expect(reply.bytes.length).toBe(method === 'HEAD' ? 0 : Number(reply.headers['content-length']));
  });
});
