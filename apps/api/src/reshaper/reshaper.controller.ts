import { ReshaperService } from '#berth/placement';
import { Body, Controller, Post } from '@nestjs/common';
import { noContent, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { GenerationsHold } from '../http/request-values.js';
import { POST_RESHAPER_BODIES, toReshape, type PostReshaperBodyV1_30 } from './reshaper.dto.js';

@Controller('reshaper')
export class ReshaperController {
  constructor(private readonly reshaper: ReshaperService) {}

  @Post()
  @Endpoint({
    rule: 'placement:reshaper:reshape',
    gates: ['version', 'contentType', 'policy'],
    since: 30,
    body: POST_RESHAPER_BODIES,
    generation: 'reshape',
    summary: 'Move inventories and allocations between providers as one',
  })
  async reshape(@Body() body: PostReshaperBodyV1_30, @GenerationsHold() generationsHold: boolean): Promise<Answer> {
    await this.reshaper.reshape(toReshape(body, generationsHold));
    return noContent();
  }
}
