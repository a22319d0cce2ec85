import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse } from '@nestjs/swagger';
import { LINES_TYPE } from '../http/answer.js';
import { schemaOf } from '../http/schema/index.js';
import { ImportTreeBody } from '../http/schema/provider-tree.dto.js';

const COUNTS = {
  type: 'object',
  properties: Object.fromEntries(
    ['done', 'failed', 'created', 'changed', 'removed'].map((name) => [name, { type: 'integer' }]),
  ),
} as const;

/** What each line of the answer is. */
const LINE = {
  type: 'object',
  properties: {
    line: { type: 'integer', description: 'Of the request, from 1.' },
    root_provider_uuid: { type: 'string', nullable: true },
    outcome: { type: 'string', enum: ['applied', 'failed'] },
    created: { type: 'integer' },
    changed: { type: 'integer' },
    removed: { type: 'integer' },
    error: { type: 'object', description: 'As an error of PUT /provider_trees/{uuid}.' },
    progress: COUNTS,
    summary: { ...COUNTS, description: 'The last line; `complete` says whether all was read.' },
  },
} as const;

/** What POST /imports takes and answers, a line each, in the API's documentation. */
export function DocumentImports(): MethodDecorator {
  return applyDecorators(
    ApiConsumes(LINES_TYPE),
    ApiBody({ description: 'A tree a line.', schema: schemaOf(ImportTreeBody) as object }),
    ApiOkResponse({
      description: 'A line for each tree, and some between.',
      content: { [LINES_TYPE]: { schema: LINE as object } },
    }),
  );
}
