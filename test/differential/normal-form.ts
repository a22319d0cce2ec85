import type { Answer } from './exchange.js';

/** Headers that clients go by. Of dates only the presence can be the same. */
const HEADERS = [
  'content-type',
  'openstack-api-version',
  'vary',
  'location',
  'cache-control',
  'last-modified',
  'allow',
  'www-authenticate',
] as const;

/** An answer without what has to differ between two services: the same for two that behave the same. */
export interface NormalForm {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface ErrorBody {
  readonly errors: readonly Readonly<Record<string, unknown>>[];
}

/** Brings an answer to its normal form. `read`: it shows what is stored, not what was sent. */
export function normalForm({ status, headers, text }: Answer, read: boolean): NormalForm {
  const kept = HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === undefined ? [] : [[name, headerForm(name, value)] as const];
  });
  return { status, headers: Object.fromEntries(kept), body: bodyForm(text, headers, read) };
}

function headerForm(name: string, value: string): string {
  if (name === 'location') return value.replace(/^http:\/\/[^/]+/, '');
  if (name === 'last-modified') return /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(value) ? 'a date' : value;
  return name === 'vary' ? value.toLowerCase() : value;
}

function bodyForm(text: string, headers: Answer['headers'], read: boolean): unknown {
  if (text === '' || !(headers.get('content-type') ?? '').startsWith('application/json')) return textForm(text);
  const parsed = parse(text, read);
  if (typeof parsed !== 'object' || parsed === null) return parsed;
  if ('errors' in parsed) return errorForm(parsed as ErrorBody, headers.get('x-openstack-request-id'));
  return sortedLists(parsed);
}

/** A ratio is shown as a float when it is read back (spec inventories.md §1), which a parsed one doesn't tell. */
function parse(text: string, read: boolean): unknown {
  try {
    return JSON.parse(read ? text.replaceAll(/("allocation_ratio": ?)([^,}\s]+)/g, '$1"$2"') : text) as unknown;
  } catch {
    return `not JSON: ${text}`;
  }
}

function errorForm({ errors }: ErrorBody, requestId: string | undefined): unknown {
  return errors.map(({ detail, request_id: id, ...error }) => ({
    ...error,
    detail: messageForm(String(detail)),
    request_id: id === requestId ? 'that of the header' : id,
  }));
}

/** What the wording of messages leaves open; spec errors.md §1 and §4. */
const FREE_WORDINGS: readonly (readonly [pattern: RegExp, put: string])[] = [
  [/(Malformed JSON: ).*/s, '$1…'],
  [/(invalid version string: [^;]*; ?).*/s, '$1…'],
  [/([Uu]pdate conflict: )(?!Inventory for).*/s, '$1…'],
  [/(Invalid query string parameters: )('utf-?8' codec.*|the query string is not valid UTF-8.*)/i, '$1…'],
  // JSON's 10.0 and 10 are one number.
  [/(?<![\w.])(-?\d+)\.0(?=[\]}]* is |, )/g, '$1'],
  [/-0(\.0)?(?= is )/g, '0'],
  [/((?:but got|given:) -?)(\d+)\.0/, '$1$2'],
  [/(but got|given:) -0(?!\d)/, '$1 0'],
  // Numbers of which both keep less than was sent.
  [/(?<![\w-])-?(\d{16,}(\.\d+)?|\d(\.\d+)?e\+?\d{2,})(?![\w-])/g, 'a large number'],
  // Made by the service.
  [/(Unable to create resource provider ".*", )[0-9a-f-]{36}/g, '$1…'],
  // The dumps: any rendering will do.
  [/(Failed validating '\w+' in schema.*?): {5}.*/s, '$1'],
  [/is too short|should be non-empty|does not have enough properties/, 'is too short'],
];

const UNORDERED: readonly RegExp[] = [
  /No such trait (.*)/,
  // Of a request, not of an inventory in use; spec allocations.md §6.
  /Unable to allocate inventory: Inventory for '(.*?)' on/,
  /Unable to allocate inventory: Inventory for '.*?' on resource provider '(.*?)' invalid/,
  /bad group\(s\) - \[(.*)\]/,
  /`same_subtree`: \[(.*?)\] not/,
  /not found in \[(.*?)\]/,
];

export function messageForm(message: string): string {
  let form = message;
  for (const [pattern, put] of FREE_WORDINGS) form = form.replace(pattern, put);
  for (const pattern of UNORDERED) {
    form = form.replace(pattern, (all, list: string) => all.replace(list, list.trim().split(', ').sort().join(', ')));
  }
  return form.trimEnd();
}

/** Answers to those who don't take JSON. */
function textForm(text: string): string {
  const plain = text.replaceAll('&#x27;', "'").replaceAll(/\s+/g, ' ');
  return messageForm(plain).replace(/(Failed validating '\w+' in schema[^ ]*): .*/, '$1');
}

/** Lists whose order means nothing, or is that of rows in a file, as with resource classes; spec resource_providers.md §6, traits.md, aggregates.md, allocation_candidates.md §7. */
function sortedLists(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const members = value.map((member) => sortedLists(member));
    return ORDERED.has(name) ? members : members.sort((one, other) => compareText(canonical(one), canonical(other)));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sortedLists(member, key)]));
}

const ORDERED = new Set(['links', 'versions']);

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** JSON with the keys of objects in order. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'object' && member !== null && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => compareText(one, other)))
        : member,
    ) ?? 'undefined'
  );
}
