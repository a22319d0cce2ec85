import type { Random } from '../support/random.js';
import { Raw } from '../support/raw-json.js';
import type { Sent } from './exchange.js';
import { toSent, type Draft } from './make.js';
import { ODD_NUMBERS, ODD_TEXTS, ODD_VALUES, respelled } from './odd-values.js';

const VERSIONS: readonly (string | null)[] = [
  null,
  'placement latest',
  'placement LATEST',
  'placement 1.40',
  'placement 0.9',
  'placement 2.0',
  'placement 1',
  'placement 1.2.3',
  'placement pony.horse',
  'placement 1.039',
  'placement +1.3',
  'placement 1.-1',
  'placement  1.39',
  'placement\t1.39',
  'placement 1.39 x',
  'placement',
  '1.39',
  'compute 2.1',
  'compute 2.1, placement 1.20',
  'placement 1.20, compute 2.1',
  'placement 1.10, placement 1.30',
  'PLACEMENT 1.39',
  'placement 1.39,',
  ',',
  '',
];

const TYPES: readonly (string | null)[] = [
  null,
  '',
  'application/json; charset=utf-8',
  'application/json;charset=latin1',
  'APPLICATION/JSON',
  'Application/Json; x=y',
  'application/jsonx',
  'application/vnd.api+json',
  'text/plain',
  'text/plain; charset=utf-8',
  '*/*',
  'application/x-www-form-urlencoded',
  'json',
  ';',
];

const ACCEPTS: readonly (string | null)[] = [
  null,
  '',
  '*/*',
  'application/*',
  'application/json;q=0',
  'application/json;q=0.1, text/html',
  'text/html, application/json;q=0.9',
  'text/html, application/json',
  'text/html',
  'text/plain',
  'text/plain, */*;q=0.1',
  'application/xml',
  'text/*',
  '*/*;q=0',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'application/json;level=1',
  'application/json, */*',
  'x',
  'text/html;q=0.5, */*',
];

type SpoilSent = (sent: Sent, random: Random) => Sent;

function withHeader({ headers, ...sent }: Sent, name: string, value: string | null): Sent {
  const { [name]: _gone, ...left } = headers;
  return { ...sent, headers: value === null ? left : { ...left, [name]: value } };
}

const SENT_SPOILERS: Readonly<Record<string, readonly [weight: number, spoil: SpoilSent]>> = {
  version: [6, (sent, random) => withHeader(sent, 'openstack-api-version', random.pick(VERSIONS))],
  otherVersion: [
    8,
    (sent, random) => withHeader(sent, 'openstack-api-version', `placement 1.${random.between(0, 39)}`),
  ],
  type: [4, (sent, random) => withHeader(sent, 'content-type', random.pick(TYPES))],
  accept: [5, (sent, random) => withHeader(sent, 'accept', random.pick(ACCEPTS))],
  token: [1, (sent, random) => withHeader(sent, 'x-auth-token', random.pick([null, '', 'user', 'admin:p1']))],
  reader: [
    1,
    (sent, random) =>
      withHeader(withHeader(sent, 'x-roles', 'reader'), 'x-auth-token', random.pick(['user:p1', 'user:p2', 'user'])),
  ],
  roles: [
    1,
    (sent, random) => withHeader(sent, 'x-roles', random.pick(['reader', 'ADMIN', 'member, admin', 'service', ''])),
  ],
  method: [3, spoilMethod],
  path: [4, spoilPath],
  query: [4, spoilQuery],
  text: [6, spoilText],
};

function spoilMethod(sent: Sent, random: Random): Sent {
  const method = random.pick(['HEAD', 'OPTIONS', 'PATCH', 'PUT', 'POST', 'DELETE', 'GET', 'TRACE', 'PROPFIND']);
  return { ...sent, method, route: sent.route.replace(/^\w+/, method) };
}

function spoilPath(sent: Sent, random: Random): Sent {
  const [path = '', ...query] = sent.path.split('?');
  const changed = random.pick([
    `${path}/`,
    path.replace(/(.)\//, '$1//'),
    path.replace(/(.)\//, '$1%2F'),
    path.toUpperCase(),
    `${path}/x`,
    path.replace(/(.)\/[^/]*$/, '$1'),
    path.replace(/[^/]*$/, (last) => respelled(last, random).replaceAll(' ', '%20').replaceAll(/[{}]/g, '')),
    path.replace(/[^/]*$/, '%C3%A9'),
    path.replace(/[^/]*$/, '%FF'),
    path.replace(/[^/]*$/, '%'),
    path.replace(/[^/]*$/, '.'),
    `${path}%00`,
    `${path}%0A`,
    `${path};x=y`,
    `/placement${path}`,
  ]);
  return { ...sent, path: [changed, ...query].join('?'), route: `${sent.route} (another path)` };
}

function spoilQuery(sent: Sent, random: Random): Sent {
  const [path = '', query = ''] = sent.path.split('?');
  const pairs = query === '' ? [] : query.split('&');
  const again = pairs.length > 0 ? random.pick(pairs) : 'a=b';
  const key = again.replace(/=.*/, '');
  const added = random.pick([
    'x=y',
    'bogus',
    '=',
    '&&',
    again,
    `${key}=`,
    key,
    `${key}=%FF`,
    '%FF=1',
    `${key}=a%00b`,
    `${key}=%C3%A9`,
    `${key}=a+b`,
    `${key}=%E2%80%A8`,
    `${key};x=1`,
    'limit=1',
    'name=x',
    'required=HW_NUMA_ROOT',
    'root_required=HW_NUMA_ROOT',
    'same_subtree=1',
    'member_of=x',
    'group_policy=none',
    'resources=VCPU:1',
    'RESOURCES=VCPU:1',
  ]);
  const next = random.happens(0.5) ? [...pairs, added] : [added, ...pairs];
  return { ...sent, path: `${path}?${next.join('&')}` };
}

function spoilText(sent: Sent, random: Random): Sent {
  if (sent.body === undefined) {
    const body = Buffer.from(random.pick(['{}', '[]', 'x', '{"name": "CUSTOM_A"}', 'null']));
    const typed = random.happens(0.7) ? withHeader(sent, 'content-type', 'application/json') : sent;
    return { ...typed, body };
  }
  const text = sent.body.toString();
  const cut = random.between(0, text.length);
  const body = random.pick<Buffer | null | string>([
    null,
    '',
    ' ',
    'null',
    'true',
    '1',
    '"x"',
    '[]',
    '{}',
    text.slice(0, cut),
    `${text}x`,
    `${text} \n`,
    `\ufeff${text}`,
    text.replace(/\}$/, ',}'),
    text.replace(/^\{/, '{"a": 1, '),
    text.replace(/^\{("\w+": )/, '{$1 1, $1'),
    text.replaceAll('"', "'"),
    Buffer.from(text, 'utf16le'),
    Buffer.concat([Buffer.from(text.slice(0, cut)), Buffer.from([0xff]), Buffer.from(text.slice(cut))]),
  ]);
  return { ...sent, body: typeof body === 'string' ? Buffer.from(body) : (body ?? undefined) };
}

/** Makes some of a request wrong. */
export function spoil(made: Draft, random: Random): Sent {
  if (made.body !== undefined && random.happens(0.6)) {
    let body: unknown = made.body;
    // Of several things that are wrong one is told: which one is part of what is compared.
    for (let left = random.pick([1, 1, 1, 2, 3]); left > 0; left -= 1) body = spoilValue(body, random);
    return toSent({ ...made, body });
  }
  const weights = Object.fromEntries(Object.entries(SENT_SPOILERS).map(([name, [weight]]) => [name, weight]));
  return SENT_SPOILERS[random.weighted(weights)]?.[1](toSent(made), random) ?? toSent(made);
}

/** One place of a body, chosen on the way down, becomes another value, goes, or gets a neighbour. */
function spoilValue(value: unknown, random: Random): unknown {
  const isInner = typeof value === 'object' && value !== null && !(value instanceof Raw);
  if (!isInner) return oddFor(value, random);
  if (random.happens(0.06)) return random.pick(ODD_VALUES);
  if (Array.isArray(value)) return spoilArray(value, random);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  if (entries.length === 0 || random.happens(0.08)) return { ...value, [random.pick(KEYS)]: random.pick(ODD_VALUES) };
  const [key, member] = random.pick(entries) as [string, unknown];
  if (random.happens(0.1)) return Object.fromEntries(entries.filter(([name]) => name !== key)) as object;
  if (random.happens(0.12)) {
    const other = random.happens(0.5) ? respelled(key, random) : random.pick(KEYS);
    return Object.fromEntries(entries.map(([name, one]) => [name === key ? other : name, one])) as object;
  }
  return { ...value, [key]: spoilValue(member, random) };
}

const KEYS = [
  'x',
  '',
  'uuid',
  'generation',
  'name',
  'VCPU',
  'NOPE',
  'vcpu',
  'resources',
  'allocations',
  'mappings',
  'é',
];

function spoilArray(value: readonly unknown[], random: Random): unknown {
  if (value.length === 0 || random.happens(0.2)) return [...value, random.pick([...ODD_VALUES, ...value])];
  const at = random.between(0, value.length - 1);
  if (random.happens(0.2)) return value.filter((_, index) => index !== at);
  return value.map((member, index) => (index === at ? spoilValue(member, random) : member));
}

function oddFor(value: unknown, random: Random): unknown {
  if (random.happens(0.2)) return random.pick(ODD_VALUES);
  if (typeof value === 'number') return random.pick(ODD_NUMBERS);
  if (typeof value !== 'string') return random.pick(ODD_VALUES);
  return /^[0-9a-f-]{36}$/.test(value) && random.happens(0.7) ? respelled(value, random) : random.pick(ODD_TEXTS);
}
