interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

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
  const ranges = accept.split(',').flatMap(parseRange);
  const [family] = type.split('/');
  for (const wanted of [type, `${family}/*`, '*/*']) {
    const found = ranges.find((range) => range.type === wanted);
    if (found !== undefined) return found.quality;
  }
  return 0;
}

function parseRange(text: string): MediaRange[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  if (!type.includes('/')) return [];
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const parsed = quality === undefined ? 1 : Number(quality);
  return [{ type, quality: Number.isFinite(parsed) ? Math.min(1, Math.max(0, parsed)) : 0 }];
}
