import { remembered } from './remembered.js';

/** The versions spoken: 1.0 to 1.39, no gaps (spec microversions.md). */
export const MIN_MINOR = 0;
export const MAX_MINOR = 39;

export const MIN_VERSION = `1.${MIN_MINOR}`;
export const MAX_VERSION = `1.${MAX_MINOR}`;

/** The header that chooses a version, as it goes out. */
export const VERSION_HEADER = 'openstack-api-version';

const SERVICE = 'placement';

/** The contract that adds to Placement what its users lack; it stands on the newest Placement. Source: DESIGN §2. */
const BERTH_SERVICE = 'berth';
export const BERTH_VERSION = '1.0';

/** What came of a version header. `berth`: the client asked for the contract berth 1.0. */
export type Negotiation =
  | { readonly status: 'agreed'; readonly minor: number; readonly berth: boolean }
  | { readonly status: 'unparseable' | 'unacceptable'; readonly message: string };

/**
 * Reads the version header. Of several pairs the last that names a service counts for it; without one for Placement
 * `defaultMinor` is meant, and under berth 1.0 the newest. Source: spec http.md §4.
 */
export function negotiate(header: string | undefined, defaultMinor: number): Negotiation {
  const { berth, placement } = header === undefined ? NOTHING : versionsIn(header);
  if (berth === undefined) return negotiatePlacement(placement, defaultMinor);
  if (!/^\d+\.\d+$/.test(berth) && berth !== 'latest') {
    return { status: 'unparseable', message: `Invalid version of berth: ${berth}; expected ${BERTH_VERSION}` };
  }
  if (berth !== BERTH_VERSION && berth !== 'latest') {
    return { status: 'unacceptable', message: `Unacceptable version of berth: ${berth}; there is ${BERTH_VERSION}` };
  }
  const agreed = negotiatePlacement(placement, MAX_MINOR);
  if (agreed.status !== 'agreed') return agreed;
  if (agreed.minor === MAX_MINOR) return { ...agreed, berth: true };
  const message = `berth ${BERTH_VERSION} goes with placement ${MAX_VERSION}, not with placement 1.${agreed.minor}`;
  return { status: 'unacceptable', message };
}

function negotiatePlacement(wanted: string | undefined, defaultMinor: number): Negotiation {
  if (wanted === undefined) return { status: 'agreed', minor: defaultMinor, berth: false };
  if (wanted === 'latest') return { status: 'agreed', minor: MAX_MINOR, berth: false };
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
  return { status: 'agreed', minor: Number(minor), berth: false };
}

/** What a version header says to each service: the last pair that names it. */
interface Versions {
  readonly placement: string | undefined;
  readonly berth: string | undefined;
}

const NOTHING: Versions = { placement: undefined, berth: undefined };

const versionsIn = remembered((header): Versions => {
  const last = new Map<string, string>();
  for (const pair of header.split(',')) {
    // All behind the first blank is the version: more words in it make it a wrong one, not one that nobody asked for.
    const [, service, version] = /^(\S+)\s+(\S.*)$/s.exec(pair.trim()) ?? [];
    if (service !== undefined && version !== undefined) last.set(service.toLowerCase(), version);
  }
  return { placement: last.get(SERVICE), berth: last.get(BERTH_SERVICE) };
});

/** Whether a version header names the contract of Berth, in whatever version. */
export function namesBerth(header: string | readonly string[] | undefined): boolean {
  return header !== undefined && versionsIn(String(header)).berth !== undefined;
}
