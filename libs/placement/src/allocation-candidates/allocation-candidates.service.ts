import {
  explain,
  searchCandidates,
  type CandidatesRequest,
  type CandidatesResult,
  type Explanation,
  type Snapshot,
} from '#berth/candidates';
import { watchedNow } from '#berth/store';
import { Injectable } from '@nestjs/common';
import { SnapshotKeeper } from '../snapshot-keeper.js';

@Injectable()
export class AllocationCandidatesService {
  constructor(private readonly snapshots: SnapshotKeeper) {}

  /**
   * Where the request could be allocated right now. Throws Invalid for unknown names. Source: spec
   * allocation_candidates.md.
   */
  async search(request: CandidatesRequest): Promise<{ snapshot: Snapshot; result: CandidatesResult }> {
    const snapshot = await this.snapshots.current();
    const result = watchedNow({ kind: 'search', name: 'candidates.search' }, () =>
      searchCandidates(snapshot, request, Math.random),
    );
    return { snapshot, result };
  }

  /**
   * What each condition of the request leaves, and which smallest change would give a candidate where there is none.
   * Throws Invalid for unknown names, as `search` does.
   */
  async explain(request: CandidatesRequest): Promise<Explanation> {
    return explain(await this.snapshots.current(), request);
  }
}
