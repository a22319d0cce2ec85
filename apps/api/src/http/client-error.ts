import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { REASONS } from '#berth/domain';
import { writeError } from './error-body.js';
import { HttpError } from './http-error.js';
import { log } from './log.js';
import { isReadAsItComes } from './limits/streamed-bodies.js';
import { REQUEST_ID_HEADER } from './request-id.js';

/** What the HTTP parser calls the mistakes that have a text of their own (spec http.md §1, 8). */
const INVALID_CONTENT_LENGTH = 'HPE_INVALID_CONTENT_LENGTH';
const HEADER_OVERFLOW = 'HPE_HEADER_OVERFLOW';

/** A request that did not come in time. Source: docs/limits.md. */
const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/** Answers what is no HTTP request, in the form of the API, and ends the connection: what follows can't be read. */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
): void {
  if (error.code === REQUEST_TIMEOUT && isReadAsItComes(socket)) return;
  const isHalfAnswered = socket._httpMessage?.headersSent === true && !socket._httpMessage.writableFinished;
  if (error.code === 'ECONNRESET' || !socket.writable || isHalfAnswered) {
    socket.destroy();
    return;
  }
  writeAnswer(socket, describe(error.code));
}

/** Answers on a connection on which there is no request that could be, and ends it. */
export function writeAnswer(socket: Socket, error: HttpError): void {
  const requestId = `req-${randomUUID()}`;
  log.debug({ request_id: requestId, status: error.status, client: socket.remoteAddress }, error.message);
  const { contentType, body } = writeError(error, {
    accept: 'application/json',
    method: '',
    requestId,
    minor: undefined,
    berth: false,
  });
  const headers = Object.entries(error.options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${REQUEST_ID_HEADER}: ${requestId}\r\n${headers.join('')}` +
      `Connection: close\r\n\r\n${body}`,
  );
  // Not `end`: a client that neither reads nor goes would keep the connection half open.
  socket.destroySoon();
}

function describe(code: string | undefined): HttpError {
  if (code === INVALID_CONTENT_LENGTH) return new HttpError(400, 'content-length header must be an integer');
  if (code === HEADER_OVERFLOW) return new HttpError(431, 'The headers of the request are too large.');
  if (code === REQUEST_TIMEOUT) {
    return new HttpError(408, 'The request did not come in time.', { reason: REASONS.requestTimeout });
  }
  return new HttpError(400, 'The request is not HTTP.');
}
