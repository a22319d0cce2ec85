import type { Meeting } from './compare.js';
import type { Judgement } from './reference.js';

/** A difference that is meant: the specification says otherwise than the peer does, or leaves it open. */
export interface Known {
  readonly id: string;
  /** Of the specification. */
  readonly section: string;
  readonly what: string;
  /** Whether the whole of the meeting's differences is this one. */
  readonly explains: (meeting: Meeting) => boolean;
}

const partsOf = ({ differences }: Meeting): readonly string[] => differences.map(({ part }) => part);

const queryOf = ({ sent }: Meeting): URLSearchParams => new URLSearchParams(sent.path.split('?')[1] ?? '');

/** Whether Berth has found what the rules say. */
function isRight({ rules, berth }: Judgement): boolean {
  return rules.join('\n') === berth.join('\n');
}

/** The same of a query that has groups of both sorts. */
function isRightOfBoth({ judgement, ...meeting }: Meeting): boolean {
  const keys = [...queryOf(meeting).keys()];
  const both = keys.includes('resources') && keys.some((key) => /^(resources|required|member_of).+/.test(key));
  return both && judgement !== undefined && isRight(judgement);
}

/** Whether the unsuffixed group is served by sharing providers alone. */
function isShared(candidate: string, sharing: readonly string[]): boolean {
  const served = / →([^ ]*)/.exec(` ${candidate.split(' | ')[1] ?? ''}`)?.[1] ?? '';
  return served.split(',').every((uuid) => sharing.includes(uuid));
}

/** The classes that an answer tells to be in use, in an order of ours. */
function usedIn(text: string): string {
  const names = /Inventory for '([^']*)' on resource provider '[^']*' in use/.exec(text)?.[1] ?? '';
  return names.split(', ').sort().join();
}

/** The contradictions that an answer tells. */
function conflictsOf(text: string): readonly string[] {
  return text.match(/required[\w-]*: \([^)]*\)/g) ?? [];
}

function asksTwice(meeting: Meeting): boolean {
  const query = queryOf(meeting);
  const classesOf = (text: string): string[] => text.split(',').map((item) => item.split(':')[0] ?? '');
  const plain = classesOf(query.getAll('resources').at(-1) ?? '');
  return [...query].some(
    ([key, value]) => /^resources./.test(key) && classesOf(value).some((name) => plain.includes(name)),
  );
}

export const KNOWN: readonly Known[] = [
  {
    id: 'vary',
    section: 'http.md §4',
    what: 'Berth always sends Vary; Placement leaves it out on errors that no endpoint has raised.',
    explains: (meeting) => partsOf(meeting).join() === 'header vary' && !meeting.peer.headers.has('vary'),
  },
  {
    id: 'failed',
    section: 'errors.md §1',
    what: 'Placement fails with 500 where Berth answers: its defects are not copied.',
    explains: ({ berth, peer, judgement }) =>
      peer.status === 500 && berth.status < 500 && (judgement === undefined || isRight(judgement)),
  },
  {
    id: 'service-role',
    section: 'http.md §2.1',
    what: 'The role `service` may do everything; an older Placement lets only `admin`.',
    explains: ({ sent, berth, peer }) =>
      peer.status === 403 && berth.status !== 403 && /^\s*service\s*$/i.test(sent.headers['x-roles'] ?? ''),
  },
  {
    id: 'admin-reshapes',
    section: 'http.md §2.1',
    what: 'The reshaper is for the role `service`; a Placement with the legacy defaults takes `admin`, too.',
    explains: ({ sent, berth }) =>
      berth.status === 403 &&
      sent.route.startsWith('POST /reshaper') &&
      !/service/i.test(sent.headers['x-roles'] ?? ''),
  },
  {
    id: 'over-committed',
    section: 'allocations.md §6',
    what: 'What is taken of an over-committed inventory may be written again, or less of it; an older Placement refuses.',
    explains: ({ berth, peer, isOverCommitted }) =>
      isOverCommitted === true &&
      [204, 409].includes(berth.status) &&
      peer.status === 409 &&
      /would exceed the capacity/.test(peer.text),
  },
  {
    id: 'left-behind',
    section: 'allocations.md §5',
    what: 'Placement keeps a consumer of generation 0 of some requests that fail, or clear what never was; Berth forgets it.',
    explains: ({ peer }) => peer.status === 409 && /consumer generation conflict - expected 0 but got/.test(peer.text),
  },
  {
    id: 'trailing-newline',
    section: 'http.md §11',
    what: "A name or a path with a newline behind it: Python's `$` lets it pass.",
    explains: ({ sent, berth }) =>
      /%0A(\?|$)/.test(sent.path) ||
      (berth.status >= 400 && (/%0A(&|$)/.test(sent.path) || /\\n"/.test(sent.body?.toString() ?? ''))),
  },
  {
    id: 'latin-1',
    section: 'http.md §5',
    what: 'Placement shows bytes of a path above 0x7F as Latin-1, Berth as the UTF-8 that they are.',
    explains: (meeting) => partsOf(meeting).join() === 'body' && /%[89A-F][0-9A-F]/i.test(meeting.sent.path),
  },
  {
    id: 'unauthorized',
    section: 'http.md §9',
    what: 'The text of a 401.',
    explains: (meeting) => meeting.berth.status === 401 && partsOf(meeting).join() === 'body',
  },
  {
    id: 'head',
    section: 'http.md §5',
    what: 'An answer to HEAD has the type that its body would have; Placement names HTML, whatever is accepted.',
    explains: (meeting) => meeting.sent.method === 'HEAD' && partsOf(meeting).join() === 'header content-type',
  },
  {
    id: 'changed',
    section: 'http.md §7',
    what: 'PUT of a provider tells when it was changed by this; Placement tells of the change before, if there was one.',
    explains: (meeting) =>
      partsOf(meeting).join() === 'header last-modified' &&
      meeting.sent.method === 'PUT' &&
      !meeting.peer.headers.has('last-modified'),
  },
  {
    id: 'not-json',
    section: 'http.md §6.3',
    what: 'NaN and Infinity are no JSON; Python reads them.',
    explains: ({ sent, berth }) => berth.status === 400 && /NaN|Infinity/.test(sent.body?.toString() ?? ''),
  },
  {
    id: 'both-taken',
    section: 'resource_providers.md §2',
    what: 'Of a name and a uuid that are both taken either one is told.',
    explains: (meeting) =>
      partsOf(meeting).join() === 'body' &&
      [meeting.berth, meeting.peer].every(({ text }) => /Conflicting resource provider (uuid|name): /.test(text)),
  },
  {
    id: 'encoded-slash',
    section: 'http.md §5',
    what: 'An encoded slash leads to 404; where Placement is served so that paths come decoded, it is a slash like others.',
    explains: ({ sent, berth }) => berth.status === 404 && /%2F/i.test(sent.path.split('?')[0] ?? ''),
  },
  {
    id: 'long-aggregate',
    section: 'aggregates.md',
    what: 'An aggregate has at most 36 characters; SQLite keeps more, PostgreSQL fails after the generation was compared.',
    explains: ({ berth }) => berth.status === 400 && /an aggregate has at most/.test(berth.text),
  },
  {
    id: 'nul',
    section: 'http.md §5',
    what: 'What holds a character that PostgreSQL cannot store, such as NUL, is refused before anything else is looked at.',
    explains: ({ berth }) => berth.status === 400 && /cannot be stored, such as NUL/.test(berth.text),
  },
  {
    id: 'query-uuid',
    section: 'http.md §11',
    what: 'A uuid in the query of a provider list has its dashes; some versions of the library of Placement take less.',
    explains: ({ sent, berth, peer }) =>
      berth.status === 400 &&
      [200, 400].includes(peer.status) &&
      /^\/resource_providers\?.*\b(uuid|in_tree)=/.test(sent.path) &&
      / is not a ('|&#x27;)uuid/.test(berth.text),
  },
  {
    id: 'odd-class-key',
    section: 'inventories.md §5',
    what: 'An inventory under a key that is no class is judged like others; Placement looks at the key alone.',
    explains: ({ berth, peer }) =>
      berth.status === 400 && peer.status === 400 && /\['inventories'\]\['additionalProperties'\]/.test(berth.text),
  },
  {
    id: 'class-order',
    section: 'inventories.md §5',
    what: 'Classes in use are told in the order of their ids; Placement has them in that of a set.',
    explains: (meeting) =>
      partsOf(meeting).join() === 'body' &&
      usedIn(meeting.berth.text) !== '' &&
      usedIn(meeting.berth.text) === usedIn(meeting.peer.text),
  },
  {
    id: 'quoted-name',
    section: 'resource_classes.md',
    what: 'The name of a class in a path is judged as it is; Placement writes it into JSON without escaping it.',
    explains: ({ sent, berth, peer }) =>
      berth.status === 400 && peer.status === 400 && /^\/resource_classes\/.*%(22|5C|0|1)/i.test(sent.path),
  },
  {
    id: 'which-trait',
    section: 'resource_providers.md §6',
    what: 'Of several unknown traits of a query one is told.',
    explains: (meeting) =>
      partsOf(meeting).join() === 'body' &&
      [meeting.berth, meeting.peer].every(({ text }) => /No such trait\(s\): /.test(text)),
  },
  {
    id: 'repeated-trait',
    section: 'allocation_candidates.md §2',
    what: 'A trait that one value requires twice, and forbids, is told once.',
    explains: (meeting) =>
      partsOf(meeting).join() === 'body' &&
      new Set(conflictsOf(meeting.peer.text)).size < conflictsOf(meeting.peer.text).length &&
      [...new Set(conflictsOf(meeting.peer.text))].join() === [...new Set(conflictsOf(meeting.berth.text))].join(),
  },
  {
    id: 'digits',
    section: 'resource_providers.md §6',
    what: "An amount is written in ASCII digits; Python's int() reads `1_0` and digits of other scripts, too.",
    explains: ({ sent, berth }) => berth.status === 400 && /%3A(1_0|%D9%A1)/.test(sent.path),
  },
  {
    id: 'lost-anchors',
    section: 'allocation_candidates.md §11.1',
    what: 'Placement loses candidates whose unsuffixed group is served by sharing providers alone.',
    explains: (meeting) => {
      const { judgement } = meeting;
      if (judgement === undefined || !isRightOfBoth(meeting)) return false;
      return (
        judgement.peer.every((found) => judgement.rules.includes(found)) &&
        judgement.missing.length > 0 &&
        judgement.missing.every((candidate) => isShared(candidate, judgement.sharing))
      );
    },
  },
  {
    id: 'wrong-sums',
    section: 'allocation_candidates.md §11.2',
    what: 'Placement mixes up amounts where the unsuffixed and another group ask for the same class.',
    explains: (meeting) =>
      isRightOfBoth(meeting) && asksTwice(meeting) && queryOf(meeting).get('group_policy') !== 'none',
  },
];

/** The one that explains a meeting. */
export function knownOf(meeting: Meeting): Known | undefined {
  // Vary may come with any of the others.
  const others = meeting.differences.filter(({ part }) => part !== 'header vary' || meeting.peer.headers.has('vary'));
  const rest = others.length === 0 ? meeting : { ...meeting, differences: others };
  return KNOWN.find(({ explains }) => explains(rest));
}
