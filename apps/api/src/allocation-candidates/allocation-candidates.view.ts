import type { Candidate, CandidatesRequest, CandidatesResult, Snapshot } from '#berth/placement';
import { NameTexts } from './name-texts.js';
import { summaryText, type SummaryShape } from './provider-summary.view.js';

const KEYED_ALLOCATIONS_SINCE = 12;
const TRAITS_SINCE = 17;
const ALL_CLASSES_SINCE = 27;
const TREES_SINCE = 29;
const MAPPINGS_SINCE = 34;

/**
 * The body of GET /allocation_candidates as JSON text, in the form of the version (spec allocation_candidates.md §8).
 *
 * It writes the text itself: with a limit of 1,000 the body has most of a megabyte, 3.2 ms this way and 4.4 ms as objects
 * through JSON.stringify. Appending to one string is on purpose, too: joining lists of pieces took 4.5 ms. Names go through
 * JSON.stringify once an answer, numbers come from typed columns, and summaries of providers that have not changed from
 * earlier answers: 0.8 ms instead of 1.3, and a third of a millisecond less to copy the text into a buffer.
 *
 * @param snapshot the one that `result` was found in
 */
export function candidatesView(
  snapshot: Snapshot,
  result: CandidatesResult,
  request: CandidatesRequest,
  minor: number,
): string {
  const names = new NameTexts(snapshot);
  const allocations = minor >= KEYED_ALLOCATIONS_SINCE ? keyedAllocations : listedAllocations;
  let requests = '';
  for (const candidate of result.candidates) {
    if (requests !== '') requests += ',';
    requests += `{"allocations":${allocations(candidate, names)}`;
    requests += minor >= MAPPINGS_SINCE ? `,"mappings":${mappingsText(candidate, names)}}` : '}';
  }
  const shape = summaryShape(request, minor);
  let summaries = '';
  for (const provider of result.summarized) {
    if (summaries !== '') summaries += ',';
    summaries += summaryText(snapshot, provider, shape, names);
  }
  return `{"allocation_requests":[${requests}],"provider_summaries":{${summaries}}}`;
}

function summaryShape(request: CandidatesRequest, minor: number): SummaryShape {
  const requested = request.groups.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass));
  return {
    onlyClasses: minor >= ALL_CLASSES_SINCE ? undefined : new Set(requested),
    traits: minor >= TRAITS_SINCE,
    tree: minor >= TREES_SINCE,
  };
}

/** From 1.12: an object keyed by provider, as PUT /allocations takes it. */
function keyedAllocations(candidate: Candidate, names: NameTexts): string {
  let text = '';
  for (const [provider, resources] of resourcesByProvider(candidate, names)) {
    if (text !== '') text += ',';
    text += `${names.provider(provider)}:{"resources":{${resources}}}`;
  }
  return `{${text}}`;
}

/** Until 1.11: a list. */
function listedAllocations(candidate: Candidate, names: NameTexts): string {
  let text = '';
  for (const [provider, resources] of resourcesByProvider(candidate, names)) {
    if (text !== '') text += ',';
    text += `{"resource_provider":{"uuid":${names.provider(provider)}},"resources":{${resources}}}`;
  }
  return `[${text}]`;
}

/**
 * The members of each provider's `resources`. A provider's amounts need not stand together in a candidate; where there is one
 * provider, as in most, a map would cost more than the text.
 */
function resourcesByProvider({ allocations }: Candidate, names: NameTexts): Iterable<readonly [number, string]> {
  const only = allocations[0]?.provider;
  let resources = '';
  for (const { provider, resourceClass, amount } of allocations) {
    if (provider !== only) return resourcesByEach(allocations, names);
    if (resources !== '') resources += ',';
    resources += `${names.resourceClass(resourceClass)}:${amount}`;
  }
  return only === undefined ? [] : [[only, resources]];
}

function resourcesByEach(allocations: Candidate['allocations'], names: NameTexts): Map<number, string> {
  const texts = new Map<number, string>();
  for (const { provider, resourceClass, amount } of allocations) {
    const before = texts.get(provider);
    const member = `${names.resourceClass(resourceClass)}:${amount}`;
    texts.set(provider, before === undefined ? member : `${before},${member}`);
  }
  return texts;
}

function mappingsText(candidate: Candidate, names: NameTexts): string {
  let text = '';
  for (const { suffix, providers } of candidate.mappings) {
    let list = '';
    for (const provider of providers) list += list === '' ? names.provider(provider) : `,${names.provider(provider)}`;
    if (text !== '') text += ',';
    text += `${names.word(suffix)}:[${list}]`;
  }
  return `{${text}}`;
}
