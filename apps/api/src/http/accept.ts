import { remembered } from './remembered.js';

/** Qualities by media range, as the header has them: of one that stands there twice the first. */
type Qualities = ReadonlyMap<string, number>;

/** Whether a type is acceptable at all. Source: spec http.md §6.1. */
export function accepts(accept: string, type: string): boolean {
  return qualityOf(accept, type) > 0;
}

/** Whether a type is wanted more than another. */
export function prefers(accept: string, type: string, other: string): boolean {
  return qualityOf(accept, type) > qualityOf(accept, other);
}

/** How an error is written: the better of HTML and JSON, HTML on a tie, plain text if neither will do (spec http.md §6.6). */
export function errorFormat(accept: string): 'json' | 'html' | 'plain' {
  const html = qualityOf(accept, 'text/html');
  const json = qualityOf(accept, 'application/json');
  if (html === 0 && json === 0) return 'plain';
  return json > html ? 'json' : 'html';
}

/** The quality that an Accept header gives a type, 0 to 1: the most specific range that matches it decides. */
function qualityOf(accept: string, type: string): number {
  // What nearly all clients send.
  if (accept === type) return 1;
  const { qualities } = preferencesOf(accept);
  if (qualities === undefined) return 1;
  return qualities.get(type) ?? qualities.get(`${type.split('/', 1)[0]}/*`) ?? qualities.get('*/*') ?? 0;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = `(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`;
const NEXT = '[ \\t]*;[ \\t]*';
/**
 * One element of the list, which may be empty, with the comma or the end behind it. Blanks never stand where two parts could take them: a
 * header of 200,000 of them must not cost their square.
 */
const ELEMENT = new RegExp(
  `[ \\t]*(?:(${TOKEN}/${TOKEN})((?:${NEXT}(?!q=)${TOKEN}=${VALUE})*)` +
    `(?:${NEXT}q=(0(?:\\.\\d{0,3})?|1(?:\\.0{0,3})?)(?:${NEXT}${TOKEN}(?:=${VALUE})?)*)?[ \\t]*)?(?:,|$)`,
  'iy',
);

/**
 * The ranges that can match a type without parameters, as none of ours has any: a range with a full type and parameters means another
 * representation (RFC 7231 §5.3.2), on a wildcard they say nothing. undefined: the header is not in the form of the RFC, and so states no
 * preference at all; what else Placement makes of it, it does with every such header.
 */
const preferencesOf = remembered((accept): { readonly qualities: Qualities | undefined } => {
  const qualities = new Map<string, number>();
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < accept.length) {
    const found = ELEMENT.exec(accept);
    if (found === null) return { qualities: undefined };
    const [, name, parameters, quality = '1'] = found;
    const type = name?.toLowerCase();
    if (type === undefined || (parameters !== '' && !type.endsWith('/*'))) continue;
    if (!qualities.has(type)) qualities.set(type, Number(quality));
  }
  return { qualities };
});
