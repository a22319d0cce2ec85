import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { writeError } from './error-body.js';
import { HttpError } from './http-error.js';
import { log } from './log.js';
import { REQUEST_ID_HEADER } from './pipeline.js';

/** What the HTTP parser calls the mistakes that have a text of their own (spec http.md §1, 8). */
const INVALID_CONTENT_LENGTH = 'HPE_INVALID_CONTENT_LENGTH';
const HEADER_OVERFLOW = 'HPE_HEADER_OVERFLOW';

/** Answers what is no HTTP request, in the form of the API, and ends the connection: what follows can't be read. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = `req-${randomUUID()}`;
  const { status, message } = describe(error.code);
  log.debug({ request_id: requestId, status, code: error.code, client: socket.remoteAddress }, 'not a request');
  const { contentType, body } = writeError(new HttpError(status, message), {
    accept: 'application/json',
    method: '',
    requestId,
    minor: undefined,
    berth: false,
  });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${REQUEST_ID_HEADER}: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function describe(code: string | undefined): { status: number; message: string } {
  if (code === INVALID_CONTENT_LENGTH) return { status: 400, message: 'content-length header must be an integer' };
  if (code === HEADER_OVERFLOW) return { status: 431, message: 'The headers of the request are too large.' };
  return { status: 400, message: 'The request is not HTTP.' };
}
