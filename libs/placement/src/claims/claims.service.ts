import {
  chooseCandidates,
  classNameOf,
  explain,
  providerAt,
  type Candidate,
  type CandidatesRequest,
  type Choice,
  type Explanation,
  type Preference,
  type Snapshot,
} from '#berth/candidates';
import {
  applyFirstFit,
  Contended,
  isLackOfRoom,
  type Amount,
  type Claimant,
  type Generation,
  type Ledger,
  type WantedSlot,
} from '#berth/domain';
import { watchedNow } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { Claims, type Operation } from '../claims.js';
import { SnapshotKeeper } from '../snapshot-keeper.js';

/** What is to be found, and who claims it: the request once for each of them. */
export interface ClaimRequest {
  readonly request: CandidatesRequest;
  readonly claimants: readonly Claimant[];
  readonly preference: Preference;
  /** Whether to choose only, and write nothing. */
  readonly dryRun: boolean;
}

/** What one consumer got. `generation`s are those after the claim; undefined: nothing was written. */
export interface Claimed {
  readonly claimant: Claimant;
  readonly generation: Generation | undefined;
  readonly providers: readonly ClaimedProvider[];
  readonly mappings: readonly ClaimedMapping[];
  readonly slots: readonly ClaimedSlot[];
}

/** A slot that came with the claim; `slot` undefined: nothing was written. */
export interface ClaimedSlot extends WantedSlot {
  readonly slot: number | undefined;
}

export interface ClaimedProvider {
  readonly uuid: string;
  readonly generation: Generation;
  readonly resources: readonly Amount[];
}

export interface ClaimedMapping {
  readonly suffix: string;
  readonly providers: readonly string[];
}

export type ClaimOutcome = { readonly status: 'claimed'; readonly claims: readonly Claimed[] } | NoRoomFound;

/** Why there is no room; `roomFor`: for how many of the consumers there is, at least, and `proven`: surely not for all. */
export interface NoRoomFound {
  readonly status: 'no_room';
  readonly roomFor: number;
  readonly proven: boolean;
  readonly explanation: Explanation;
}

/** A candidate in names that outlive the snapshot. */
interface Option {
  readonly providers: readonly ClaimedProvider[];
  readonly mappings: readonly ClaimedMapping[];
}

interface Chosen {
  readonly options: readonly Option[];
  readonly wanted: readonly number[];
}

/**
 * How each attempt chooses. The first takes the best candidate and has one more at hand: each is a provider that the
 * group locks and reads. Who was refused, was so by others who wanted the same, so later attempts begin further apart and bring more.
 */
const ATTEMPTS = [
  { spare: 1, scatter: 1 },
  { spare: 7, scatter: 64 },
  { spare: 15, scatter: 500 },
  { spare: 31, scatter: 500 },
  { spare: 31, scatter: 500 },
  { spare: 31, scatter: 500 },
] as const;

@Injectable()
export class ClaimsService {
  /** By the look at the database that they were made from: those who shared it and ask the same share the answer. */
  private readonly explanations = new WeakMap<Promise<Snapshot>, Map<string, Explanation>>();

  constructor(
    private readonly snapshots: SnapshotKeeper,
    private readonly claims: Claims,
  ) {}

  /**
   * Finds candidates for all claimants and claims them, in one transaction: all or none. `no_room` is answered only from a
   * search that was made after the last refusal, so there was a moment, during this call, at which there was no room. Amounts are
   * checked when they are written; everything else that the request asks for held when the search was made.
   * Throws Invalid for unknown names, GenerationConflict where a consumer is not at the generation it named, and Contended
   * when others were faster each time. Source: docs/api/claims.md.
   */
  async claim(wish: ClaimRequest): Promise<ClaimOutcome> {
    if (wish.dryRun) return await this.rehearse(wish);
    for (const attempt of ATTEMPTS) {
      const choice = await this.choose(wish, attempt);
      if ('status' in choice) return choice;
      const claims = await this.take(wish, choice);
      if (claims !== undefined) return { status: 'claimed', claims };
    }
    throw new Contended(ATTEMPTS.length);
  }

  /** What would be chosen now; writes nothing, and looks at no generation. */
  private async rehearse(wish: ClaimRequest): Promise<ClaimOutcome> {
    const choice = await this.choose(wish, { spare: 0, scatter: 1 });
    if ('status' in choice) return choice;
    const claims = wish.claimants.map((claimant, at) => ({
      claimant,
      generation: undefined,
      ...optionAt(choice.options, choice.wanted[at]),
      slots: (claimant.slotLocks ?? []).map((wanted) => ({ ...wanted, slot: undefined })),
    }));
    return { status: 'claimed', claims };
  }

  private async choose(
    { request, claimants, preference }: ClaimRequest,
    attempt: { readonly spare: number; readonly scatter: number },
  ): Promise<Chosen | NoRoomFound> {
    const looked = this.snapshots.current();
    const snapshot = await looked;
    const wish = { request, preference, count: claimants.length, ...attempt };
    const choice = watchedNow({ kind: 'search', name: 'candidates.choose' }, () =>
      chooseCandidates(snapshot, wish, Math.random),
    );
    if (choice.status === 'chosen') return toChosen(snapshot, choice);
    const explanation = this.explained(looked, snapshot, request);
    return { status: 'no_room', roomFor: choice.most, proven: choice.proven, explanation };
  }

  /** What each got; undefined if there was no room any more. */
  private async take({ claimants }: ClaimRequest, { options, wanted }: Chosen): Promise<Claimed[] | undefined> {
    const allocations = options.map(({ providers }) =>
      providers.map(({ uuid, resources }) => ({ providerUuid: uuid, resources })),
    );
    const named = allocations.flat();
    const operation: Operation<Claimed[]> = {
      writes: claimants.map((claimant, at) => ({ ...claimant, allocations: allocations[wanted[at] ?? 0] ?? [] })),
      providerUuids: named.map(({ providerUuid }) => providerUuid),
      resourceClasses: named.flatMap(({ resources }) => resources.map(({ resourceClass }) => resourceClass)),
      apply: (ledger) => {
        const taken = applyFirstFit(ledger, claimants, allocations, wanted);
        return claimants.map((claimant, at) => readBack(ledger, claimant, optionAt(options, taken[at])));
      },
    };
    try {
      return await this.claims.run(operation);
    } catch (error) {
      if (isLackOfRoom(error)) return undefined;
      throw error;
    }
  }

  /** A fleet that is full is asked the same by many at once, and explaining costs more than searching. */
  private explained(looked: Promise<Snapshot>, snapshot: Snapshot, request: CandidatesRequest): Explanation {
    const known = this.explanations.get(looked) ?? new Map<string, Explanation>();
    this.explanations.set(looked, known);
    const key = JSON.stringify(request);
    const explanation = known.get(key) ?? explain(snapshot, request);
    known.set(key, explanation);
    return explanation;
  }
}

/** In names, right away: after an await, the snapshot may say something else. */
function toChosen(snapshot: Snapshot, choice: Extract<Choice, { status: 'chosen' }>): Chosen {
  return { options: choice.candidates.map((candidate) => toOption(snapshot, candidate)), wanted: choice.chosen };
}

function toOption(snapshot: Snapshot, { allocations, mappings }: Candidate): Option {
  const providers = [...new Set(allocations.map(({ provider }) => provider))].map((index) => {
    const { uuid, generation } = providerAt(snapshot, index);
    const resources = allocations
      .filter(({ provider }) => provider === index)
      .map(({ resourceClass, amount }) => ({ resourceClass: classNameOf(snapshot, resourceClass), amount }));
    return { uuid, generation, resources };
  });
  return {
    providers,
    mappings: mappings.map(({ suffix, providers: served }) => ({
      suffix,
      providers: served.map((index) => providerAt(snapshot, index).uuid),
    })),
  };
}

function optionAt(options: readonly Option[], at: number | undefined): Option {
  return options[at ?? 0] ?? { providers: [], mappings: [] };
}

/** What a claimant got, with the generations that the ledger has now. */
function readBack(ledger: Ledger, claimant: Claimant, { providers, mappings }: Option): Claimed {
  const consumer = ledger.consumers.get(claimant.consumerUuid);
  return {
    claimant,
    generation: consumer?.generation,
    providers: providers.map((provider) => ({
      ...provider,
      generation: ledger.providers.get(provider.uuid)?.generation ?? provider.generation,
    })),
    mappings,
    slots: (consumer?.slots ?? []).map(({ key, limit, slot }) => ({ key, limit, slot })),
  };
}
