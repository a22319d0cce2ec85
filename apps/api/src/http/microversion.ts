/** The versions spoken: 1.0 to 1.39, no gaps (spec microversions.md). */
export const MIN_MINOR = 0;
export const MAX_MINOR = 39;

export const MIN_VERSION = `1.${MIN_MINOR}`;
export const MAX_VERSION = `1.${MAX_MINOR}`;

/** The header that chooses a version, as it goes out. */
export const VERSION_HEADER = 'openstack-api-version';

const SERVICE = 'placement';

/** What came of a version header. */
export type Negotiation =
  | { readonly status: 'agreed'; readonly minor: number }
  | { readonly status: 'unparseable' | 'unacceptable'; readonly message: string };

/**
 * Reads the version header. Of several pairs the last that names this service counts; without one `defaultMinor`
 * is meant. Source: spec http.md §4.
 */
export function negotiate(header: string | undefined, defaultMinor: number): Negotiation {
  const wanted = lastPairFor(header ?? '');
  if (wanted === undefined) return { status: 'agreed', minor: defaultMinor };
  if (wanted === 'latest') return { status: 'agreed', minor: MAX_MINOR };
  const match = /^\s*([+-]?\d+)\.([+-]?\d+)\s*$/.exec(wanted);
  if (match === null) {
    return {
      status: 'unparseable',
      message: `Invalid microversion: invalid version string: ${wanted}; expected two numbers, MAJOR.MINOR`,
    };
  }
  const [, major, minor] = match;
  if (Number(major) !== 1 || Number(minor) < MIN_MINOR || Number(minor) > MAX_MINOR) {
    return { status: 'unacceptable', message: `Invalid microversion: Unacceptable version header: ${wanted}` };
  }
  return { status: 'agreed', minor: Number(minor) };
}

function lastPairFor(header: string): string | undefined {
  for (const pair of header.split(',').reverse()) {
    const words = pair.trim().split(/\s+/);
    if (words.length === 2 && words[0]?.toLowerCase() === SERVICE) return words[1];
  }
  return undefined;
}
