import { draft, type Maker, type Tools } from './make.js';
import { memberOfQuery, requiredQuery, resourcesQuery } from './make-filters.js';
import { traitName } from './make-parts.js';
import { uuidLike } from './odd-values.js';

type Pair = [key: string, value: string];

const ODD_LIMITS = ['0', '-1', '01', '1.5', 'x', '', ' 1', '99999999999999999999', '1\n'];

function group(tools: Tools, minor: number, suffix: string, isResourceless: boolean): Pair[] {
  const { random, state } = tools;
  const query: Pair[] = [];
  if (!isResourceless) query.push([`resources${suffix}`, resourcesQuery(tools, suffix === '' ? 3 : 2)]);
  if (minor >= 17 && random.happens(isResourceless ? 0.85 : 0.3))
    query.push(...requiredQuery(tools, minor, `required${suffix}`));
  if (minor >= 21 && random.happens(0.2)) query.push(...memberOfQuery(tools, minor, `member_of${suffix}`));
  if (minor >= 31 && random.happens(0.1)) {
    query.push([`in_tree${suffix}`, uuidLike(state.provider(), random, () => state.uuid())]);
  }
  return query;
}

function suffixes({ random }: Tools, minor: number): string[] {
  if (minor < 25) return random.happens(0.01) ? ['1'] : [];
  const names = minor < 33 ? ['1', '2', '3', '42'] : ['1', '2', '_A', '_B', '-x', 'C', '01', 'y'.repeat(64)];
  const odd = random.happens(0.02) ? [random.pick(['0', '01', 'A', 'y'.repeat(65), '_é', '.', ' '])] : [];
  return [...new Set(Array.from({ length: random.pick([0, 0, 1, 1, 2, 2, 3]) }, () => random.pick(names))), ...odd];
}

/** One search in its whole breadth. */
const candidates: Maker = (tools, minor) => {
  const { random } = tools;
  const names = suffixes(tools, minor);
  const query: Pair[] = [];
  if (names.length === 0 || random.happens(0.6)) query.push(...group(tools, minor, '', random.happens(0.02)));
  const resourceless = new Set(names.filter(() => random.happens(minor >= 36 ? 0.2 : 0.02)));
  for (const name of names) query.push(...group(tools, minor, name, resourceless.has(name)));
  if (minor >= 25 && random.happens(names.length > 1 ? 0.95 : 0.2)) {
    const policy = random.happens(0.02) ? random.pick(['', 'None', 'x']) : random.pick(['none', 'isolate']);
    query.push(['group_policy', policy]);
  }
  if (minor >= 36 && names.length > 0 && (resourceless.size > 0 || random.happens(0.25))) {
    const members = names.filter((name) => resourceless.has(name) || random.happens(0.6));
    const odd = random.happens(0.04) ? [random.pick(['', 'nope', ' '])] : [];
    query.push(['same_subtree', [...members, ...odd].join(random.happens(0.05) ? ' , ' : ',')]);
  }
  if (minor >= 35 && random.happens(0.12)) {
    const traits = Array.from(
      { length: random.between(1, 2) },
      () => `${random.happens(0.4) ? '!' : ''}${traitName(tools)}`,
    );
    query.push(['root_required', random.happens(0.95) ? traits.join(',') : `in:${traits.join(',')}`]);
    if (random.happens(0.03)) query.push(['root_required', 'HW_NUMA_ROOT']);
  }
  if (minor >= 16 && random.happens(0.12))
    query.push(['limit', random.happens(0.9) ? `${random.between(1, 5)}` : random.pick(ODD_LIMITS)]);
  return draft('GET', '/allocation_candidates', [], minor, { query: shuffled(tools, query) });
};

/** The order of groups decides which of two errors is told. */
function shuffled({ random }: Tools, query: Pair[]): Pair[] {
  if (random.happens(0.7)) return query;
  return query
    .map((pair) => ({ pair, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ pair }) => pair);
}

export const CANDIDATE_MAKERS: readonly (readonly [weight: number, since: number, make: Maker])[] = [
  [60, 10, candidates],
];
