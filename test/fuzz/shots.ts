import { Random } from '../support/random.js';
import type { Operation } from './document.js';
import { plainRequest, type PlainRequest } from './plain-requests.js';
import type { Part, Shot } from './shot.js';
import type { World } from './world.js';

/** How the shots of one seed are told apart. */
const STRIDE = 7_919;

/** Requests on one connection, sent without waiting for answers. */
const MAX_PIPELINED = 8;

/** Between two bytes of somebody slow: ms. */
const TRICKLE_MS = 15;

type Maker = (request: PlainRequest, random: Random) => Omit<Shot, 'index' | 'mayWait' | 'berth' | 'method'>;

/** The shot of that number: the same for the same seed, whatever came before it. */
export function shotOf(seed: number, index: number, operations: readonly Operation[], world: World): Shot {
  const random = new Random(Math.imul(seed + 1, STRIDE) + index * 2_654_435);
  for (let warm = 0; warm < 3; warm += 1) random.next();
  const request = plainRequest(operations, world, random);
  const kind = random.weighted({
    plain: 70,
    pipelined: 3,
    chunked: 4,
    framing: 8,
    head: 8,
    aborted: 4,
    slow: 2,
    noise: 1,
  });
  const extra =
    kind === 'pipelined'
      ? Array.from({ length: random.between(1, MAX_PIPELINED - 1) }, () => plainRequest(operations, world, random))
      : [];
  const made = kind === 'pipelined' ? pipelined([request, ...extra].map(withoutHead)) : MAKERS[kind](request, random);
  const text = [request, ...extra]
    .map(({ path, body, headers }) => `${path} ${headers.join()} ${body?.toString('latin1') ?? ''}`)
    .join();
  return {
    index,
    ...made,
    method: methodOf(made.parts, request.method),
    berth: request.berth,
    mayWait: /wait|event-stream|\/events/.test(text),
  };
}

/** As it goes out in the end. */
function methodOf([first]: readonly Part[], meant: string): string {
  return /^[A-Z-]+(?= )/.exec(first?.bytes.subarray(0, 20).toString('latin1') ?? '')?.[0] ?? meant;
}

function headOf({ method, path, headers }: PlainRequest, framing: readonly string[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: fuzz\r\n${lines.join('')}${framing.map((line) => `${line}\r\n`).join('')}\r\n`;
}

function whole(request: PlainRequest): Buffer {
  const framing = request.body === undefined ? [] : [`Content-Length: ${request.body.length}`];
  return Buffer.concat([Buffer.from(headOf(request, framing), 'latin1'), request.body ?? Buffer.alloc(0)]);
}

const once = (bytes: Buffer): Part[] => [{ bytes, pauseMs: 0 }];

const label = ({ method, path }: PlainRequest): string => `${method} ${path.slice(0, 60)}`;

/** How long its answer is cannot be seen from it: only the first of several may be one. */
function withoutHead(request: PlainRequest): PlainRequest {
  return request.method === 'HEAD' ? { ...request, method: 'GET' } : request;
}

function pipelined(requests: readonly PlainRequest[]): Omit<Shot, 'index' | 'mayWait' | 'berth' | 'method'> {
  // Whoever closes after one of them, rightly, leaves those behind it unanswered.
  return {
    what: 'pipelined',
    parts: once(Buffer.concat(requests.map(whole))),
    wants: 'anything',
    requests: requests.length,
  };
}

const MAKERS: Readonly<Record<'plain' | 'chunked' | 'framing' | 'head' | 'aborted' | 'slow' | 'noise', Maker>> = {
  plain: (request) => ({ what: label(request), parts: once(whole(request)), wants: 'answer', requests: 1 }),
  chunked(request, random) {
    const body = request.body ?? Buffer.from('{}');
    const chunks: Buffer[] = [];
    for (let at = 0; at < body.length;) {
      const size = random.between(1, Math.max(1, Math.min(body.length - at, 5_000)));
      const extension = random.happens(0.1) ? ';name="value"' : '';
      chunks.push(
        Buffer.from(`${size.toString(16)}${extension}\r\n`),
        body.subarray(at, at + size),
        Buffer.from('\r\n'),
      );
      at += size;
    }
    const trailer = random.happens(0.2) ? 'X-Auth-Token: trailer\r\n' : '';
    const bytes = Buffer.concat([
      Buffer.from(headOf(request, ['Transfer-Encoding: chunked']), 'latin1'),
      ...chunks,
      Buffer.from(`0\r\n${trailer}\r\n`),
    ]);
    return { what: `chunked ${label(request)}`, parts: once(bytes), wants: 'answer', requests: 1 };
  },
  framing(request, random) {
    const framing = random.pick(FRAMINGS);
    const body = random.happens(0.5) ? (request.body ?? Buffer.alloc(0)) : Buffer.from(random.pick(CHUNKS), 'latin1');
    const bytes = Buffer.concat([Buffer.from(headOf(request, framing), 'latin1'), body]);
    return { what: `framing ${framing.join(' ').slice(0, 60)}`, parts: once(bytes), wants: 'anything', requests: 3 };
  },
  head(request, random) {
    const [what, change] = random.pick(HEAD_CHANGES);
    const text = change(whole(request).toString('latin1'));
    return { what: `head: ${what}`, parts: once(Buffer.from(text, 'latin1')), wants: 'anything', requests: 3 };
  },
  aborted(request, random) {
    const bytes = whole(request);
    const cut = random.happens(0.3) ? bytes.length : random.between(1, bytes.length);
    return { what: 'aborted', parts: once(bytes.subarray(0, cut)), wants: 'leave', requests: 1 };
  },
  slow(request, random) {
    const bytes = whole(request).subarray(0, 2_000);
    const parts: Part[] = [];
    const size = Math.max(1, Math.ceil(bytes.length / 40));
    const cut = random.happens(0.5) ? bytes.length : random.between(1, bytes.length);
    for (let at = 0; at < cut; at += size)
      parts.push({ bytes: bytes.subarray(at, Math.min(at + size, cut)), pauseMs: TRICKLE_MS });
    return { what: 'slow', parts, wants: 'anything', requests: 1 };
  },
  noise(_request, random) {
    const bytes = random.pick([
      Buffer.from(Array.from({ length: random.between(1, 2_000) }, () => random.between(0, 255))),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.from('16030100c8010000c40303', 'hex'),
      Buffer.from('GET /\r\n'),
      Buffer.from('\r\n'.repeat(1_000)),
      Buffer.from('\u0000'.repeat(1_000)),
    ]);
    return { what: 'noise', parts: once(bytes), wants: 'anything', requests: 3 };
  },
};

const FRAMINGS: readonly (readonly string[])[] = [
  ['Content-Length: 5', 'Content-Length: 6'],
  ['Content-Length: 5, 5'],
  ['Content-Length: -1'],
  ['Content-Length: +5'],
  ['Content-Length: 0x10'],
  ['Content-Length: 99999999999999999999'],
  ['Content-Length: 33554433'],
  ['Content-Length: 1e3'],
  ['Content-Length:'],
  ['Content-Length: 1000'],
  ['Content-Length: 1'],
  ['Content-Length: 0'],
  ['Content-Length: 10', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ['Transfer-Encoding: chunked, identity'],
  ['Transfer-Encoding: identity, chunked'],
  ['Transfer-Encoding: xchunked'],
  ['Transfer-Encoding: chunked'],
  ['Transfer-Encoding : chunked'],
  ['Transfer-Encoding:\tchunked', 'Content-Length: 3'],
  ['Transfer-Encoding: gzip, chunked'],
  ['Expect: 100-continue', 'Content-Length: 2'],
  ['Expect: nonsense', 'Content-Length: 2'],
  ['Expect: 100-continue', 'Transfer-Encoding: chunked'],
  ['Upgrade: websocket', 'Connection: upgrade', 'Sec-WebSocket-Key: x'],
  ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: x'],
  ['Connection: close', 'Connection: keep-alive'],
  ['Connection: content-length', 'Content-Length: 2'],
  ['TE: trailers', 'Trailer: X-Auth-Token', 'Transfer-Encoding: chunked'],
];

const CHUNKS: readonly string[] = [
  'zz\r\n{}\r\n0\r\n\r\n',
  'ffffffffffffffff\r\n{}',
  'ffffffffffffffffff\r\n{}',
  '-2\r\n{}\r\n0\r\n\r\n',
  '2\r\n{}\r\n0\r\n\r\n',
  '2\r\n{}xx0\r\n\r\n',
  '2;ext\r\n{}\r\n0\r\n\r\n',
  `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  '2\n{}\n0\n\n',
  '0\r\n\r\nGET / HTTP/1.1\r\nHost: smuggled\r\n\r\n',
  `0\r\n${'X-T: y\r\n'.repeat(3_000)}\r\n`,
  '',
  '{}',
];

const line = (text: string, added: string): string => text.replace('\r\n', `\r\n${added}\r\n`);

const HEAD_CHANGES: readonly (readonly [what: string, change: (text: string) => string])[] = [
  ['CR LF in a value', (text) => line(text, 'X-A: b\r\nX-Injected: yes\r\n\r\nGET / HTTP/1.1\r\nHost: x')],
  ['bare CR', (text) => line(text, 'X-A: b\rX-Injected: yes')],
  ['bare LF', (text) => text.replaceAll('\r\n', '\n')],
  ['NUL', (text) => line(text, 'X-A: a\u0000b')],
  ['no colon', (text) => line(text, 'nonsense')],
  ['no name', (text) => line(text, ': value')],
  ['blank before the colon', (text) => line(text, 'X-Auth-Token : admin')],
  ['folded', (text) => line(text, 'X-A: b\r\n  folded')],
  ['8 bits', (text) => line(text, 'X-A: \u00ff\u00fe\u0080')],
  ['many', (text) => line(text, Array.from({ length: 700 }, (_, n) => `X-${n}: y`).join('\r\n'))],
  ['very many', (text) => line(text, Array.from({ length: 5_000 }, (_, n) => `X-${n}: y`).join('\r\n'))],
  ['huge', (text) => line(text, `X-A: ${'y'.repeat(300_000)}`)],
  ['long', (text) => line(text, `X-A: ${'y'.repeat(60_000)}`)],
  [
    'duplicates',
    (text) =>
      line(
        text,
        'OpenStack-API-Version: placement 1.1\r\nX-Auth-Token: two\r\nContent-Type: a\r\nAccept: b\r\nHost: two',
      ),
  ],
  ['no host', (text) => text.replace('Host: fuzz\r\n', '')],
  ['odd host', (text) => text.replace('Host: fuzz', 'Host: \u00ff/@:99999')],
  ['HTTP/1.0', (text) => text.replace(' HTTP/1.1', ' HTTP/1.0')],
  ['HTTP/1.9', (text) => text.replace(' HTTP/1.1', ' HTTP/1.9')],
  ['HTTP/2.0', (text) => text.replace(' HTTP/1.1', ' HTTP/2.0')],
  ['no version', (text) => text.replace(' HTTP/1.1', '')],
  ['lower case method', (text) => text.charAt(0).toLowerCase() + text.slice(1)],
  ['unknown method', (text) => `FUZZ ${text}`],
  ['CONNECT', (text) => text.replace(/^\w+ \S+/, 'CONNECT example.org:443')],
  ['TRACE', (text) => text.replace(/^\w+/, 'TRACE')],
  ['OPTIONS *', (text) => text.replace(/^\w+ \S+/, 'OPTIONS *')],
  ['HEAD', (text) => text.replace(/^\w+/, 'HEAD')],
  ['QUERY', (text) => text.replace(/^\w+/, 'QUERY')],
  ['M-SEARCH', (text) => text.replace(/^\w+/, 'M-SEARCH')],
  ['PROPFIND', (text) => text.replace(/^\w+/, 'PROPFIND')],
  ['blank in the path', (text) => text.replace(/^(\w+ \/)/, '$1 x')],
  ['8 bits in the path', (text) => text.replace(/^(\w+ \/)/, '$1\u00ff\u00c3\u0028')],
  ['CR in the path', (text) => text.replace(/^(\w+ \/)/, '$1\r')],
  ['tab in the path', (text) => text.replace(/^(\w+ \/)/, '$1\t')],
  ['no slash', (text) => text.replace(/^(\w+) \//, '$1 ')],
  ['long path', (text) => text.replace(/^(\w+ \/)/, `$1${'p'.repeat(200_000)}`)],
  ['deep path', (text) => text.replace(/^(\w+ )/, `$1${'/..'.repeat(2_000)}`)],
  ['blank lines first', (text) => `\r\n\r\n${text}`],
];
