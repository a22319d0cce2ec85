import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ProviderTreesService } from '#berth/placement';
import { Body, Controller, HttpCode, Post, type OnModuleDestroy } from '@nestjs/common';
import { lines, LINES_TYPE, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { textLines } from '../http/text-lines.js';
import { DocumentImports } from './imports.docs.js';
import { LINE_LIMIT_BYTES } from './imports.request.js';
import { importStream } from './imports.stream.js';

@Controller('imports')
export class ImportsController implements OnModuleDestroy {
  private readonly ending = new AbortController();

  constructor(private readonly trees: ProviderTreesService) {}

  /** As soon as the end is announced: imports read no further, and say so. */
  onModuleDestroy(): void {
    this.ending.abort();
  }

  @Post()
  @HttpCode(200)
  @Endpoint({
    rule: 'berth:imports:create',
    gates: ['contract', 'accept', 'contentType', 'policy'],
    streams: LINES_TYPE,
    produces: [LINES_TYPE, 'application/json'],
    summary: 'Make many trees of providers what they shall be, each at once or not at all, as they come in',
  })
  @DocumentImports()
  create(@Body() body: Readable | undefined): Answer {
    const owner = `import ${randomUUID()}`;
    const wanted = textLines(body ?? Readable.from([]), LINE_LIMIT_BYTES);
    return lines(importStream(wanted, (tree) => this.trees.import(tree, owner), this.ending.signal));
  }
}
