import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiExtension, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { GenerationOf } from './claimed-generation.js';
import type { TagOf } from './entity-tag.js';
import { BERTH_VERSION } from './microversion.js';
import { schemaOf, type VersionedBody } from './schema/index.js';

/**
 * What is checked before a handler runs, in the order given; orders differ (spec http.md §2). `contract`: who doesn't ask
 * for berth 1.0 finds nothing there, as in a stock Placement.
 */
export type Gate = 'contract' | 'accept' | 'contentType' | 'version' | 'policy';

/** What the pipeline has to know of a handler. */
export interface EndpointRules {
  /** The policy rule; spec http.md §2. */
  readonly rule: string;
  readonly gates: readonly Gate[];
  /** Media types of the answer; JSON unless said otherwise. */
  readonly produces?: readonly string[];
  /** Media type of a body that the handler reads as it comes, however long it is; without it bodies are JSON. */
  readonly streams?: string;
  /** First minor version that has it. */
  readonly since?: number;
  /** What earlier versions answer: 404 unless said otherwise. */
  readonly sinceStatus?: 404 | 405;
  /** Last minor version that looks at the content type. */
  readonly contentTypeUntil?: number;
  /** The body by version; without it a body is ignored. */
  readonly body?: readonly VersionedBody[];
  /** Last minor version that reads a body. */
  readonly bodyUntil?: number;
  /** The provider named `uuid` in the path is looked up before a bad body is told (order `L J`). */
  readonly lookupFirst?: boolean;
  /** Judges the path before the body; throws. */
  readonly checkPath?: (params: Readonly<Record<string, string>>) => void;
  /** Whose generation a change has to name where generations are required. Source: DESIGN §2. */
  readonly generation?: GenerationOf;
  /** Whether a write of Berth's own may carry a fence; those of the Placement API may. Source: docs/adr/0018. */
  readonly fenced?: boolean;
  /** Whether this request, whose body is read, waits on purpose or is answered with a stream. Source: docs/limits.md. */
  readonly waits?: (request: FastifyRequest) => boolean;
  /** The policy rule instead of `rule` where the query says `force=true`. */
  readonly forceRule?: string;
  /** The query key whose value the policy rule looks at. */
  readonly policyTarget?: 'project_id';
}

export interface EndpointOptions extends EndpointRules {
  readonly summary: string;
  /** For the documentation: answers are tagged under berth 1.0, with whose generation. See `AnswerOptions.tagged`. */
  readonly tagged?: TagOf;
}

/** The rules of a handler under which the pipeline finds them on its route. */
export interface EndpointConfig {
  readonly endpoint?: EndpointRules;
}

/** Declares a handler of the Placement API: its rules for the pipeline, and its documentation. */
export function Endpoint({ summary, tagged, ...rules }: EndpointOptions): MethodDecorator {
  const config: EndpointConfig = { endpoint: rules };
  return applyDecorators(
    RouteConfig(config),
    ApiOperation({ summary, description: describe(rules) }),
    ApiSecurity('X-Auth-Token'),
    ApiHeader({
      name: 'OpenStack-API-Version',
      required: false,
      description:
        'The microversion: `placement 1.39`, or `placement latest`; `berth 1.0` for the contract of Berth on top of 1.39.',
    }),
    ...contractDocs(rules),
    ...generationDocs(rules),
    ...tagDocs(tagged),
    ...bodyDocs(rules),
    ...errorDocs(rules),
  );
}

function describe({ rule, since, contentTypeUntil, gates, forceRule }: EndpointRules): string {
  const forced = forceRule === undefined ? '' : ` With \`force=true\`: \`${forceRule}\`.`;
  if (gates.includes('contract')) return `Only under \`berth 1.0\`. Policy rule: \`${rule}\`.${forced}`;
  const first = since === undefined ? '' : `Since 1.${since}. `;
  const last = contentTypeUntil === undefined ? '' : `A body is read until 1.${contentTypeUntil}. `;
  return `${first}${last}Policy rule: \`${rule}\`.`;
}

/** Marks what is no part of the Placement API. */
function contractDocs({ gates, fenced = false }: EndpointRules): MethodDecorator[] {
  if (!gates.includes('contract')) return [];
  return [ApiExtension('x-berth-contract', BERTH_VERSION), ...(fenced ? [ApiExtension('x-berth-fenced', true)] : [])];
}

/** Marked in the document too, so that clients and tests can tell which operations want a generation. */
function generationDocs({ generation }: EndpointRules): MethodDecorator[] {
  if (generation === undefined) return [];
  const name = generation === 'provider' ? 'resource_provider_generation' : 'consumer_generation';
  const marked = ApiExtension('x-berth-generation', generation);
  if (generation !== 'provider' && generation !== 'consumer') return [marked];
  return [
    marked,
    ApiHeader({ name: 'If-Match', required: false, description: 'Under berth 1.0: the generation seen, `"<n>"`.' }),
    ApiQuery({ name, required: false, schema: { type: 'integer' }, description: 'Under berth 1.0: the same.' }),
  ];
}

/** Marked as well, so that clients and tests can tell which answers have a tag. */
function tagDocs(tagged: TagOf | undefined): MethodDecorator[] {
  if (tagged === undefined) return [];
  return [
    ApiExtension('x-berth-entity-tag', tagged),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'Under berth 1.0: entity tags of answers that the client has, or `*`.',
    }),
    ApiResponse({
      status: 304,
      description: 'Under berth 1.0: the client has named the entity tag of the answer.',
      headers: {
        ETag: {
          description: `As with 200: the generation of the ${tagged}, and a digest.`,
          schema: { type: 'string' },
        },
      },
    }),
  ];
}

function bodyDocs({ body, bodyUntil }: EndpointRules): MethodDecorator[] {
  const rows = (body ?? []).filter(({ since }) => bodyUntil === undefined || since <= bodyUntil);
  if (rows.length === 0) return [];
  const schemas = rows.flatMap((row) => [
    { ...schemaOf(row.class), title: `since 1.${row.since}` },
    ...(row.berth === undefined ? [] : [{ ...schemaOf(row.berth), title: 'berth 1.0' }]),
  ]);
  const schema = schemas.length === 1 ? schemas[0] : { oneOf: schemas };
  return [ApiBody({ schema: schema as object, required: bodyUntil === undefined })];
}

function errorDocs({ gates, body, since, sinceStatus, generation }: EndpointRules): MethodDecorator[] {
  const responses: [number, string][] = [
    [401, 'Nobody is known to ask.'],
    [403, 'The policy does not allow it.'],
    [406, 'The version, or the wanted media type, is not to be had.'],
    [429, 'The client asks more often than it may.'],
    [503, 'The database is not available, or the service has too much to do; nothing was written.'],
  ];
  if (body !== undefined) responses.push([400, 'The body, or what it asks for, is wrong.']);
  if (generation !== undefined) responses.push([428, 'Under berth 1.0: the generation that was seen is missing.']);
  if (gates.includes('contentType')) responses.push([415, 'The body is not said to be JSON.']);
  if (since !== undefined)
    responses.push([sinceStatus ?? 404, `Not before 1.${since}, or what is named is not there.`]);
  return responses
    .sort(([a], [b]) => a - b)
    .map(([status, description]) => ApiResponse({ status, description, schema: { $ref: ERROR_SCHEMA } }));
}

/** Where the document keeps the form of an error. */
export const ERROR_SCHEMA = '#/components/schemas/Errors';
