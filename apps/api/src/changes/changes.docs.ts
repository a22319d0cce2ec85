import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ERROR_SCHEMA } from '../http/endpoint.js';

const STRING = { type: 'string' } as const;

const QUERY_KEYS: readonly (readonly [name: string, description: string, schema: object])[] = [
  ['after', 'The cursor of the last answer. Without it: from now on.', STRING],
  ['wait', 'Seconds to wait if nothing has changed yet.', { type: 'integer', minimum: 0, maximum: 60, default: 0 }],
  ['limit', 'At most this many changes.', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }],
  ['kind', 'Only changes of these.', { type: 'array', items: { type: 'string', enum: ['provider', 'consumer'] } }],
  ['uuid', 'Only changes of these providers and consumers.', { type: 'array', items: STRING }],
];

const CHANGES = {
  type: 'object',
  required: ['changes', 'cursor'],
  properties: {
    changes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'at', 'kind', 'uuid', 'generation', 'deleted', 'what'],
        properties: {
          id: { type: 'integer', description: 'Rises for each provider and consumer.' },
          at: { type: 'string', format: 'date-time' },
          kind: { type: 'string', enum: ['provider', 'consumer'] },
          uuid: STRING,
          generation: { type: 'integer', description: 'The one it had after the change.' },
          deleted: { type: 'boolean' },
          what: { type: 'array', items: STRING, description: 'What there is to be read again.' },
        },
      },
    },
    cursor: { ...STRING, description: 'Where to go on.' },
  },
} as const;

/** What GET /changes takes and answers, in the API's documentation. */
export function DocumentChanges(): MethodDecorator {
  return applyDecorators(
    ...QUERY_KEYS.map(([name, description, schema]) => ApiQuery({ name, description, required: false, schema })),
    ApiHeader({ name: 'Last-Event-ID', required: false, description: 'For events: the cursor, as `after`.' }),
    ApiOkResponse({
      description: 'The next changes, or a stream of them.',
      content: { 'application/json': { schema: CHANGES as object }, 'text/event-stream': { schema: STRING } },
    }),
    ApiResponse({ status: 410, description: 'The cursor is too old.', schema: { $ref: ERROR_SCHEMA } }),
  );
}
