import type { FastifyRequest } from 'fastify';

/** What those ask who look after the service: no part of the Placement API, and so without its layers. */
const OPERATIONAL = /^\/(?:healthz|readyz|metrics)(?:\?|$)/;

/** On a route: says of whom neither a token nor a version is asked. */
export interface OpenConfig {
  readonly open?: (request: FastifyRequest) => boolean;
}

/** Whether the request is for a route that is open to whoever sent it. */
export function isOpen(request: FastifyRequest, url: string): boolean {
  if (!OPERATIONAL.test(url)) return false;
  return (request.routeOptions.config as OpenConfig | undefined)?.open?.(request) === true;
}

/** Whether the client is a program on this machine that speaks for itself, not a proxy that says for whom it speaks. */
export function isFromHere({ socket, headers }: FastifyRequest): boolean {
  const address = socket.remoteAddress ?? '';
  const isLoopback = address === '::1' || /^(?:::ffff:)?127\./.test(address);
  return isLoopback && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined;
}
