import { Controller, Get } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ok, type Answer } from '../http/answer.js';
import { MAX_VERSION, MIN_VERSION } from '../http/microversion.js';

@Controller()
export class DiscoveryController {
  /** Source: spec http.md §3. */
  @Get()
  @ApiOperation({ summary: 'Tell which versions there are; needs no token' })
  show(): Answer {
    const version = {
      id: 'v1.0',
      max_version: MAX_VERSION,
      min_version: MIN_VERSION,
      status: 'CURRENT',
      links: [{ rel: 'self', href: '' }],
    };
    return ok({ versions: [version] }, { lastModifiedMs: 'now' });
  }
}
