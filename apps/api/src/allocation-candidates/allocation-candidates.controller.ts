import { AllocationCandidatesService } from '#berth/placement';
import { Controller, Get, Inject } from '@nestjs/common';
import { prepared, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Minor, QueryPairs } from '../http/request-values.js';
import { DocumentCandidatesQuery } from './allocation-candidates.docs.js';
import {
  CANDIDATES_OPTIONS,
  toCandidatesRequest,
  type CandidatesOptions,
} from '../http/candidates/candidates.query.js';
import { candidatesView } from './allocation-candidates.view.js';

const SINCE = 10;

@Controller('allocation_candidates')
export class AllocationCandidatesController {
  constructor(
    private readonly candidates: AllocationCandidatesService,
    @Inject(CANDIDATES_OPTIONS) private readonly options: CandidatesOptions,
  ) {}

  @Get()
  @Endpoint({
    rule: 'placement:allocation_candidates:list',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'List the ways to serve a request for resources',
  })
  @DocumentCandidatesQuery()
  async list(@QueryPairs() pairs: Pairs, @Minor() minor: number): Promise<Answer> {
    const request = toCandidatesRequest(pairs, minor, this.options);
    const { snapshot, result } = await this.candidates.search(request);
    return prepared(candidatesView(snapshot, result, request, minor), { lastModifiedMs: 'now' });
  }
}
