import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The form of every error (spec http.md §6.6). */
const ERRORS = {
  type: 'object' as const,
  required: ['errors'],
  properties: {
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['status', 'title', 'detail', 'request_id'],
        properties: {
          status: { type: 'integer' as const },
          title: { type: 'string' as const },
          detail: { type: 'string' as const },
          code: { type: 'string' as const, description: 'Since 1.23.' },
          request_id: { type: 'string' as const },
        },
      },
    },
  },
};

/** Serves the OpenAPI document: a page at /docs, JSON at /docs-json. Built when it is first asked for. */
export function serveDocumentation(app: INestApplication, version: string): void {
  const base = new DocumentBuilder()
    .setTitle('Berth')
    .setDescription(
      'Resource-provider placement: the OpenStack Placement API, microversions 1.0 to 1.39. ' +
        'The header `OpenStack-API-Version: placement 1.39` chooses one; without it 1.0 is meant.',
    )
    .setVersion(version)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Auth-Token' }, 'X-Auth-Token')
    .build();
  SwaggerModule.setup('docs', app, () => {
    const document = SwaggerModule.createDocument(app, base);
    return {
      ...document,
      paths: withFences(document.paths),
      components: { ...document.components, schemas: { ...document.components?.schemas, Errors: ERRORS } },
    };
  });
}

/** On every operation that writes under a fence (docs/api/fenced-writes.md). */
const FENCE = {
  name: 'Berth-Fence',
  in: 'header' as const,
  required: false,
  description:
    'Under berth 1.0: `{"lockspace": …, "name": …, "token": …}`, the hold that this is written under; or `fence` in the body.',
  schema: { type: 'string' as const },
};

const METHODS = ['post', 'put', 'delete', 'patch'] as const;

/** Whether an operation can be fenced is told by its method, which its decorators don't know. */
function withFences(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  for (const item of Object.values(paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      const marks = operation as unknown as Readonly<Record<string, unknown>>;
      if (marks['x-berth-contract'] !== undefined && marks['x-berth-fenced'] !== true) continue;
      operation.parameters = [...(operation.parameters ?? []), FENCE];
    }
  }
  return paths;
}
