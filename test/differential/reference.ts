import { toGeneration, type Supply } from '#berth/domain';
import { toCandidatesRequest } from '../../apps/api/src/http/candidates/candidates.query.js';
import { referenceSearch } from '../../libs/candidates/test-support/reference-search.js';
import type { Answer, Sent } from './exchange.js';
import { SHARES, type State } from './state.js';

/** What the rules of the specification find, and what each side found; in one notation, sorted. */
export interface Judgement {
  readonly rules: readonly string[];
  /** Those of `rules` that the peer lacks, always with their mappings. */
  readonly missing: readonly string[];
  /** Providers that share. */
  readonly sharing: readonly string[];
  readonly berth: readonly string[];
  readonly peer: readonly string[];
}

/**
 * Lets the pseudo-code of spec allocation_candidates.md §9 decide between two answers of 1.12 or later to a search without limit.
 * undefined: it doesn't, because of what was asked or of how that was answered. A peer that failed has found nothing.
 */
export function judgeCandidates(
  state: State,
  { path }: Sent,
  minor: number,
  { berth, peer }: { readonly berth: Answer; readonly peer: Answer },
): Judgement | undefined {
  const query = path.split('?')[1] ?? '';
  if (minor < 12 || berth.status !== 200 || ![200, 500].includes(peer.status)) return undefined;
  if (/(^|&)limit=/.test(query)) return undefined;
  const candidates = resultsOf(state, query, minor);
  if (candidates === undefined) return undefined;
  const shows = minor >= MAPPINGS_SINCE;
  const shown = (text: string): string => (shows ? text : (text.split(' | ')[0] ?? ''));
  const found = peer.status === 200 ? namesOf(peer, shows) : [];
  return {
    rules: candidates.map(shown).sort(),
    missing: candidates.filter((text) => !found.includes(shown(text))),
    sharing: [...state.providers].filter(([, { traits }]) => traits.includes(SHARES)).map(([uuid]) => uuid),
    berth: namesOf(berth, shows),
    peer: found,
  };
}

function resultsOf(state: State, query: string, minor: number): readonly string[] | undefined {
  try {
    const pairs = [...new URLSearchParams(query)];
    const request = toCandidatesRequest(pairs, minor, { maxCandidates: undefined, randomize: false });
    return referenceSearch(supplyOf(state), request).candidates;
  } catch {
    // A name that the model of the world hasn't heard of.
    return undefined;
  }
}

const MAPPINGS_SINCE = 34;

interface WireCandidates {
  readonly allocation_requests: readonly {
    readonly allocations: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
    readonly mappings?: Readonly<Record<string, readonly string[]>>;
  }[];
}

function namesOf({ text }: Answer, shows: boolean): string[] {
  const { allocation_requests: requests } = JSON.parse(text) as WireCandidates;
  return requests
    .map(({ allocations, mappings = {} }) => {
      const given = Object.entries(allocations).flatMap(([uuid, { resources }]) =>
        Object.entries(resources).map(([name, amount]) => `${uuid}(${name}:${amount})`),
      );
      const served = Object.entries(mappings).map(([suffix, by]) => `${suffix}→${[...by].sort().join()}`);
      return shows ? `${given.sort().join(' ')} | ${served.sort().join(' ')}` : given.sort().join(' ');
    })
    .sort();
}

/** The world as the search sees it. */
function supplyOf(state: State): Supply {
  const uuids = [...state.providers.keys()];
  const idOf = (uuid: string | null): number => uuids.indexOf(uuid ?? '') + 1;
  const providers = [...state.providers];
  const traits = [...new Set([...state.traits, ...providers.flatMap(([, provider]) => provider.traits)])];
  const classes = [...new Set([...state.classes, ...providers.flatMap(([, one]) => Object.keys(one.inventories))])];
  const users = [...state.consumers.values()];
  return {
    providers: providers.map(([uuid, { name, parent, generation }]) => ({
      ...{ id: idOf(uuid), uuid, name, generation: toGeneration(generation), changedAtMs: 0 },
      parentId: parent === null ? null : idOf(parent),
      rootId: idOf(state.rootOf(uuid)),
    })),
    inventories: providers.flatMap(([uuid, { inventories }]) =>
      Object.entries(inventories).map(([name, record]) => ({
        providerId: idOf(uuid),
        resourceClassId: classes.indexOf(name),
        total: record.total,
        reserved: record.reserved,
        minUnit: record.min_unit,
        maxUnit: record.max_unit,
        stepSize: record.step_size,
        allocationRatio: record.allocation_ratio,
        used: users.reduce((sum, { allocations }) => sum + (allocations[uuid]?.[name] ?? 0), 0),
      })),
    ),
    providerTraits: providers.flatMap(([uuid, provider]) =>
      provider.traits.map((trait) => ({ providerId: idOf(uuid), traitId: traits.indexOf(trait) + 1 })),
    ),
    providerAggregates: providers.flatMap(([uuid, { aggregates }]) =>
      aggregates.map((aggregate) => ({ providerId: idOf(uuid), aggregate })),
    ),
    traits: traits.map((name, at) => ({ id: at + 1, name })),
    resourceClasses: classes.map((name, id) => ({ id, name })),
  };
}
