import { AllocationCandidatesService } from '#berth/placement';
import { Body, Controller, Get, Inject, Post } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { queryPairsOf } from '../http/candidates/candidates-query.dto.js';
import {
  CANDIDATES_OPTIONS,
  toCandidatesRequest,
  type CandidatesOptions,
} from '../http/candidates/candidates.query.js';
import { explanationView } from '../http/candidates/explanation.view.js';
import { Endpoint } from '../http/endpoint.js';
import type { QueryPairs as Pairs } from '../http/filters/query-pairs.js';
import { Minor, QueryPairs } from '../http/request-values.js';
import { DocumentCandidatesQuery } from './allocation-candidates.docs.js';
import { POST_EXPLANATION_BODIES, type PostExplanationBody } from './explanation.dto.js';

const RULE = 'berth:allocation_candidates:explain';

@Controller('allocation_candidates/explain')
export class ExplanationController {
  constructor(
    private readonly candidates: AllocationCandidatesService,
    @Inject(CANDIDATES_OPTIONS) private readonly options: CandidatesOptions,
  ) {}

  @Get()
  @Endpoint({
    rule: RULE,
    gates: ['contract', 'accept', 'policy'],
    summary: 'Explain which condition of a request for resources leaves how much',
  })
  @DocumentCandidatesQuery()
  get(@QueryPairs() pairs: Pairs, @Minor() minor: number): Promise<Answer> {
    return this.explain(pairs, minor);
  }

  @Post()
  @Endpoint({
    rule: RULE,
    gates: ['contract', 'contentType', 'policy'],
    body: POST_EXPLANATION_BODIES,
    summary: 'Explain a request for resources that is sent as JSON',
  })
  post(@Body() { query }: PostExplanationBody, @Minor() minor: number): Promise<Answer> {
    return this.explain(queryPairsOf(query), minor);
  }

  private async explain(pairs: Pairs, minor: number): Promise<Answer> {
    const request = toCandidatesRequest(pairs, minor, this.options);
    return ok(explanationView(await this.candidates.explain(request), request, { short: false }));
  }
}
