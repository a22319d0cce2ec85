import { ServerResponse, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { REASONS } from '#berth/domain';
import { writeAnswer } from '../client-error.js';
import { HttpError } from '../http-error.js';
import type { LimitsConfig } from './limits-config.js';

/** How long the beginning of a request may take, from its first byte or from the connection on: ms. */
const HEADERS_TIMEOUT_MS = 10_000;

/** How long a client may take to agree on a cipher: ms. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How exactly the limits of reading are kept: ms. */
const CHECK_MS = 1_000;

/** Options for Node's server of HTTP: what clients may take their time with, and what is looked at by others. */
export function serverOptions({ requestTimeoutMs }: LimitsConfig): {
  readonly headersTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly requireHostHeader: boolean;
} {
  return {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    connectionsCheckingInterval: CHECK_MS,
    // Looked after where answers have the form of the API.
    requireHostHeader: false,
  };
}

/**
 * Ends connections whose client doesn't take its answer: of an answer that is on its way not a byte left for as long as the
 * server's timeout is. A connection that only waits, for a lock or for events, is left alone.
 */
export function endUntakenAnswers(server: Server): void {
  server.on('timeout', (socket: Socket & { readonly _httpMessage?: ServerResponse | null }) => {
    const answer = socket._httpMessage;
    const isWaiting = answer instanceof ServerResponse && socket.writableLength === 0;
    if (!isWaiting) socket.destroy();
  });
}

/** Turns connections away that are too many; the limit is not Node's, which workers hand to each other for ever. */
export function limitConnections(server: Server, { maxConnections }: LimitsConfig): void {
  if (maxConnections === 0) return;
  let open = 0;
  server.on('connection', (socket: Socket) => {
    open += 1;
    socket.once('close', () => (open -= 1));
    if (open <= maxConnections) return;
    if (server instanceof TlsServer) socket.destroy();
    else writeAnswer(socket, tooMany());
  });
}

function tooMany(): HttpError {
  return new HttpError(503, 'Too many connections are open; nothing was done. Try again later.', {
    reason: REASONS.overloaded,
    headers: { 'retry-after': '1' },
  });
}
