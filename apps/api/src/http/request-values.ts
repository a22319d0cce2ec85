import { InvalidQuery } from '#berth/domain';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ClientGone } from './client-gone.js';
import { contextOf } from './context.js';
import type { QueryPairs as Pairs } from './filters/query-pairs.js';

/** The negotiated version: 39 for 1.39. */
export const Minor = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  return contextOf(requestOf(context))?.minor ?? 0;
});

/** The generation that a change says it saw, where one is required; undefined: nobody asked. */
export const ClaimedGeneration = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return contextOf(requestOf(context))?.claimedGeneration;
});

/** Whether generations are required of this client, and so those in bodies hold. */
export const GenerationsHold = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  return contextOf(requestOf(context))?.generationRequired ?? false;
});

/** Whether the client speaks berth 1.0. */
export const SpeaksBerth = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  return contextOf(requestOf(context))?.berth ?? false;
});

/** Who asks, for the log. */
export const Asker = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const identity = contextOf(requestOf(context))?.identity;
  return `user ${identity?.user ?? '-'}, project ${identity?.project ?? '-'}`;
});

/** Given when the client is gone, or has its answer. */
export const Gone = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const gone = new AbortController();
  context
    .switchToHttp()
    .getResponse<FastifyReply>()
    .raw.once('close', () => gone.abort(new ClientGone()));
  return gone.signal;
});

/** The query string as ordered pairs, decoded. Throws Invalid if it isn't UTF-8 (spec http.md §6.4). */
export const QueryPairs = createParamDecorator((_: unknown, context: ExecutionContext): Pairs => {
  return queryPairs(requestOf(context));
});

/** Where the service is mounted, in front of every path it shows; it is mounted at the root (spec http.md §5). */
export const MountPrefix = createParamDecorator((): string => '');

/** The query string of a request as ordered pairs, decoded; read once a request. Throws Invalid if it isn't UTF-8. */
export function queryPairs(request: FastifyRequest): Pairs {
  const context = contextOf(request);
  const pairs = context?.pairs ?? parsePairs(request.raw.url ?? '');
  if (context !== undefined) context.pairs = pairs;
  return pairs;
}

function parsePairs(url: string): Pairs {
  const mark = url.indexOf('?');
  if (mark === -1) return [];
  return (
    url
      .slice(mark + 1)
      // Placement takes both, as forms once did.
      .split(/[&;]/)
      .filter((part) => part !== '')
      .map((part) => {
        const equals = part.indexOf('=');
        return equals === -1 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
      })
  );
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    // A percent sign that escapes nothing stands for itself, as form decoders have it.
    return decodeURIComponent(spaced.replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25'));
  } catch (cause) {
    throw new InvalidQuery('Invalid query string parameters: the query string is not valid UTF-8', { cause });
  }
}

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}
