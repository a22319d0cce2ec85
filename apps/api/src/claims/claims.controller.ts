import { ClaimsService } from '#berth/placement';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ok, type Answer } from '../http/answer.js';
import { CANDIDATES_OPTIONS, type CandidatesOptions } from '../http/candidates/candidates.query.js';
import { Endpoint } from '../http/endpoint.js';
import { Minor } from '../http/request-values.js';
import { POST_CLAIMS_BODIES, type PostClaimsBody } from './claims.dto.js';
import { toClaimRequest } from './claims.request.js';
import { claimsView } from './claims.view.js';

@Controller('claims')
export class ClaimsController {
  constructor(
    private readonly claims: ClaimsService,
    @Inject(CANDIDATES_OPTIONS) private readonly options: CandidatesOptions,
  ) {}

  @Post()
  @Endpoint({
    rule: 'berth:claims:create',
    gates: ['contract', 'contentType', 'policy'],
    body: POST_CLAIMS_BODIES,
    generation: 'claimants',
    fenced: true,
    summary: 'Find candidates for one or more consumers and claim them, all or none',
  })
  async claim(@Body() body: PostClaimsBody, @Minor() minor: number): Promise<Answer> {
    const wish = toClaimRequest(body, minor, this.options);
    return ok(claimsView(await this.claims.claim(wish), wish));
  }
}
