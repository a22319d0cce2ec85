import { BerthError, Conflict, ERROR_CODES, Invalid, NotFound, Unavailable, type ErrorCode } from '#berth/domain';

/** An error of HTTP itself, or a domain error on its way out. `message` is the `<m>` of spec errors.md §1. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly options: {
      readonly code?: ErrorCode;
      readonly headers?: Readonly<Record<string, string>>;
      /** Whether the versions that there are shall be told: the version could not be negotiated. */
      readonly versionFailed?: boolean;
      /** What came instead of what was wanted: the media type of a 406 or 415. */
      readonly came?: string;
    } = {},
  ) {
    super(message);
  }

  get code(): ErrorCode {
    return this.options.code ?? ERROR_CODES.undefined;
  }
}

/** The one translation of errors into statuses; anything unknown is a bug and becomes 500, without its text. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof BerthError) return new HttpError(statusOf(error), error.message, { code: error.code });
  const status = frameworkStatus(error);
  if (status !== undefined) return new HttpError(status, (error as Error).message);
  return new HttpError(500, 'The service met an error that it did not expect; the log of this request id has more.');
}

function statusOf(error: BerthError): number {
  if (error instanceof NotFound) return 404;
  if (error instanceof Conflict) return 409;
  if (error instanceof Invalid) return 400;
  if (error instanceof Unavailable) return 503;
  return 500;
}

/** Fastify's own errors carry their status, a body that is too large for one. */
function frameworkStatus(error: unknown): number | undefined {
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  const isFastify = typeof code === 'string' && code.startsWith('FST_');
  return isFastify && typeof statusCode === 'number' && statusCode < 500 ? statusCode : undefined;
}
