import { ANY_KEY, QueryValue, type CandidatesQueryBody } from '../http/candidates/candidates-query.dto.js';
import { MapOf, versionedBodies } from '../http/schema/index.js';

/** `POST /allocation_candidates/explain`: a candidates query that needs no escaping. */
export class PostExplanationBody {
  @MapOf(ANY_KEY, () => QueryValue)
  readonly query!: CandidatesQueryBody;
}

export const POST_EXPLANATION_BODIES = versionedBodies({ since: 39, class: PostExplanationBody });
