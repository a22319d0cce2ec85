import type { Random } from '../support/random.js';
import type { Operation } from './document.js';
import { NASTY, spoilBody } from './spoil.js';
import { Values } from './values.js';
import type { World } from './world.js';

/** A request before it is bytes. */
export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  readonly berth: boolean;
}

const VERSIONS = Array.from({ length: 40 }, (_, minor) => `placement 1.${minor}`);
const ODD_VERSIONS: readonly string[] = [
  ...[
    'placement 1.40',
    'placement 0.9',
    'placement 1',
    'placement latest',
    'placement',
    'compute 2.1',
    '1.39',
    'berth 2.0',
  ],
  ...[
    'placement 1.39, berth 1.0',
    'placement 1.2, berth 1.0',
    'berth',
    'placement 1.1e3',
    'placement 1.-1',
    ', ,',
    'x'.repeat(9_000),
  ],
  ...['placement 1.99999999999999999999', 'placement 1.39,placement 1.0', 'PLACEMENT 1.39', 'placement 1.39;'],
];

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  '*/*',
  '',
  'application/x-ndjson',
  'x',
  ';',
  'a/b;q=',
];
const ACCEPTS = [
  'application/json',
  'text/html',
  'text/plain',
  '*/*',
  'application/*;q=0.5',
  'text/event-stream',
  ',,;q=x',
  'q=1',
  'x'.repeat(3_000),
];

/** Keys that queries have, and values that go with them. */
const QUERY: Readonly<Record<string, (values: Values, world: World, random: Random) => string>> = {
  resources: () => 'VCPU:1,MEMORY_MB:16',
  required: (_values, { traits }, random) =>
    random.pick([random.pick(traits), `!${random.pick(traits)}`, `in:${traits.join(',')}`]),
  member_of: (_values, { aggregates }, random) =>
    random.pick([random.pick(aggregates), `in:${aggregates.join(',')}`, `!${random.pick(aggregates)}`]),
  in_tree: (values) => values.uuid('provider'),
  resources1: () => 'VCPU:1',
  required1: (_values, { traits }, random) => random.pick(traits),
  member_of1: (_values, { aggregates }, random) => `in:${random.pick(aggregates)}`,
  in_tree1: (values) => values.uuid('provider'),
  resources_A: () => 'DISK_GB:1',
  group_policy: (_values, _world, random) => random.pick(['none', 'isolate']),
  root_required: (_values, { traits }, random) => random.pick(traits),
  same_subtree: () => '1,_A',
  limit: (_values, _world, random) => `${random.between(0, 5)}`,
  name: (_values, _world, random) => random.pick(['host 1', 'startswith:CUSTOM', 'in:CUSTOM_FUZZ,X']),
  uuid: (values) => values.uuid(),
  associated: (_values, _world, random) => random.pick(['true', 'false']),
  project_id: () => 'p',
  user_id: () => 'u',
  consumer_type: (_values, _world, random) => random.pick(['INSTANCE', 'all', 'unknown']),
  after: (_values, { names }, random) => random.pick(names),
  wait: (_values, _world, random) => random.pick(['0', '1']),
  kind: (_values, _world, random) => random.pick(['provider', 'consumer']),
  owner: (_values, { owners }, random) => random.pick(owners),
  key: (_values, { names }, random) => `held(${random.pick(names)})`,
  token: (_values, _world, random) => `${random.between(0, 20)}`,
  force: (_values, _world, random) => random.pick(['true', 'false']),
  resource_provider_generation: (_values, _world, random) => `${random.between(0, 8)}`,
  consumer_generation: (_values, _world, random) => random.pick(['null', '0', '1', '2']),
};

/** Which of them go with what paths, beside those that the document names. */
const USUAL: readonly (readonly [path: RegExp, keys: readonly string[]])[] = [
  [/^\/resource_providers$/, ['name', 'uuid', 'member_of', 'resources', 'in_tree', 'required']],
  [
    /allocation_candidates/,
    [
      'resources',
      'required',
      'member_of',
      'in_tree',
      'resources1',
      'required1',
      'member_of1',
      'in_tree1',
      'resources_A',
      'group_policy',
      'root_required',
      'same_subtree',
      'limit',
    ],
  ],
  [/usages$/, ['project_id', 'user_id', 'consumer_type']],
  [/^\/traits$/, ['name', 'associated']],
  [/slot_locks/, ['owner', 'key', 'after', 'limit', 'token']],
  [/lock/, ['owner', 'token', 'after', 'limit', 'force']],
];

/** A request that is well framed, and right or wrong in what it says. */
export function plainRequest(operations: readonly Operation[], world: World, random: Random): PlainRequest {
  const operation = random.pick(operations);
  const values = new Values(random, world);
  const usual = operation.isBerths ? { newest: 1, some: 1, berth: 14 } : { newest: 4, some: 4, berth: 4 };
  const version = random.weighted({ ...usual, odd: 1, none: 1 });
  const wanted = {
    newest: 'placement 1.39',
    some: random.pick(VERSIONS),
    berth: 'berth 1.0',
    odd: random.pick(ODD_VERSIONS),
    none: undefined,
  }[version];
  const isLines = operation.mediaType !== 'application/json';
  const body = bodyOf(operation, values, random, isLines, world);
  const headers: [string, string][] = [
    ['X-Auth-Token', random.happens(0.03) ? random.pick(['', 'user:p', 'nobody', ':', 'x'.repeat(9_000)]) : 'admin'],
  ];
  if (wanted !== undefined) headers.push(['OpenStack-API-Version', wanted]);
  if (body !== undefined || random.happens(0.05)) {
    headers.push(['Content-Type', random.happens(0.05) ? random.pick(TYPES) : operation.mediaType]);
  }
  if (random.happens(0.15)) headers.push(['Accept', random.pick(ACCEPTS)]);
  if (random.happens(0.1)) headers.push([random.pick(ODD_HEADERS), random.pick(ODD_VALUES)]);
  return {
    method: random.happens(0.02)
      ? random.pick(['PATCH', 'HEAD', 'OPTIONS', 'PUT', 'GET', 'POST', 'DELETE'])
      : operation.method,
    path: pathOf(operation, values, world, random),
    headers,
    body,
    berth: version === 'berth',
  };
}

const ODD_HEADERS = [
  'If-Match',
  'If-None-Match',
  'Berth-Fence',
  'Accept-Encoding',
  'X-Roles',
  'Last-Event-ID',
  'Cookie',
  'Range',
  'Origin',
  'X-Forwarded-For',
  'X-OpenStack-Request-ID',
  'If-Modified-Since',
  'X-Forwarded-Host',
];
const ODD_VALUES = [
  '"0"',
  '"1-x"',
  'W/"1"',
  '*',
  '1',
  '-1',
  '1e400',
  '{',
  '{"lockspace":"alpha","name":"beta","token":1}',
  '{"__proto__":1}',
  'br;q=x',
  'gzip, br, *',
  'x'.repeat(9_000),
  'bytes=0-',
  'null',
  'é',
  '127.0.0.1, ::1',
];

function bodyOf(
  { bodies }: Operation,
  values: Values,
  random: Random,
  isLines: boolean,
  world: World,
): Buffer | undefined {
  if (bodies.length === 0 && !isLines) return random.happens(0.03) ? spoilBody({}, random) : undefined;
  if (!isLines) return spoilBody(values.of(random.pick(bodies)), random);
  const line = (): Buffer =>
    spoilBody(
      { root: random.pick(world.providers), providers: [{ uuid: random.pick(world.providers), name: 'host 1' }] },
      random,
    );
  return Buffer.concat(Array.from({ length: random.between(0, 4) }, () => [line(), Buffer.from('\n')]).flat());
}

function pathOf({ path, queryKeys }: Operation, values: Values, world: World, random: Random): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    random.happens(0.12)
      ? escapeSome(random.pick(NASTY), random)
      : encodeURIComponent(valueFor(name, values, world, random)),
  );
  const usual = USUAL.find(([pattern]) => pattern.test(path))?.[1] ?? [];
  const keys = [...queryKeys.filter((key) => !key.includes('{')), ...usual];
  const pairs =
    keys.length === 0
      ? []
      : Array.from({ length: random.between(0, Math.min(4, keys.length)) }, () =>
          pairOf(random.pick(keys), values, world, random),
        );
  if (random.happens(0.05))
    pairs.push(
      `${escapeSome(random.pick([...Object.keys(QUERY), ...NASTY]), random)}=${escapeSome(random.pick(NASTY), random)}`,
    );
  const query = pairs.length === 0 ? '' : `?${pairs.join(random.happens(0.02) ? ';' : '&')}`;
  const whole = `${filled}${query}`;
  return random.happens(0.03) ? oddPath(whole, random) : whole;
}

function valueFor(name: string, values: Values, world: World, random: Random): string {
  if (/uuid/.test(name)) return values.uuid(name);
  if (name === 'resource_class') return random.pick(world.classes);
  if (name === 'owner') return random.pick(world.owners);
  if (/token|handle|request/.test(name)) return `${random.between(0, 20)}`;
  return random.pick([...world.names, ...world.classes, ...world.traits]);
}

function pairOf(key: string, values: Values, world: World, random: Random): string {
  const right = (QUERY[key] ?? ((all: Values) => all.uuid()))(values, world, random);
  if (random.happens(0.2)) return `${key}=${escapeSome(random.pick(NASTY), random)}`;
  if (random.happens(0.03)) return key;
  return `${key}=${encodeURIComponent(right)}`;
}

/** What would end the request line has to be escaped; all else goes out as it is, or escaped as a client would. */
function escapeSome(text: string, random: Random): string {
  if (random.happens(0.3)) return encodeURIComponent(wellFormed(text));
  return [...wellFormed(text)]
    .map((one) => (/[!-~]/.test(one) && one !== '#' ? one : encodeURIComponent(one)))
    .join('');
}

function oddPath(path: string, random: Random): string {
  return random.pick([
    `/${path}`,
    `${path}/`,
    `/.${path}`,
    `/${path.slice(1).replaceAll('/', '%2f')}`,
    `http://elsewhere.example${path}`,
    `https://[::1]:1${path}`,
    path.toUpperCase(),
    `${path}${path}`,
    `${path}?${'a=b&'.repeat(2_000)}`,
    `${path}#fragment`,
    '*',
    `/docs/../${path}`,
    '/docs/%2e%2e%2f%2e%2e%2fpackage.json',
  ]);
}

/** Half a character cannot be escaped. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
