import {
  BerthError,
  Conflict,
  CursorExpired,
  ERROR_CODES,
  GenerationRequired,
  Invalid,
  NotFound,
  REASONS,
  Unavailable,
  type ErrorCode,
  type Facts,
  type Reason,
} from '#berth/domain';

/** Nothing of this service is away for longer than it takes to try again: s. */
const RETRY_AFTER_SECONDS = 1;

/** An error of HTTP itself, or a domain error on its way out. `message` is the `<m>` of spec errors.md §1. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly options: {
      readonly code?: ErrorCode;
      /** The cause, for clients of berth 1.0; without it that of the status. */
      readonly reason?: Reason | undefined;
      readonly facts?: Facts;
      readonly headers?: Readonly<Record<string, string>>;
      /** Whether the versions that there are shall be told: the version could not be negotiated. */
      readonly versionFailed?: boolean;
      /** What came instead of what was wanted: the media type of a 406 or 415. */
      readonly came?: string;
      /** Whether a 401 has the form of Keystone's own instead of the service's. */
      readonly keystoneForm?: boolean;
    } = {},
  ) {
    super(message);
  }

  get code(): ErrorCode {
    return this.options.code ?? ERROR_CODES.undefined;
  }

  get reason(): Reason {
    return this.options.reason ?? REASON_BY_STATUS[this.status] ?? REASONS.internal;
  }
}

const REASON_BY_STATUS: Readonly<Record<number, Reason>> = {
  400: REASONS.requestInvalid,
  401: REASONS.unauthenticated,
  403: REASONS.forbidden,
  404: REASONS.notFound,
  405: REASONS.methodNotAllowed,
  406: REASONS.notAcceptable,
  408: REASONS.requestTimeout,
  409: REASONS.conflict,
  413: REASONS.bodyTooLarge,
  414: REASONS.headerInvalid,
  415: REASONS.mediaTypeUnsupported,
  429: REASONS.rateLimited,
  431: REASONS.headerInvalid,
  503: REASONS.unavailable,
};

/** The one translation of errors into statuses; anything unknown is a bug and becomes 500, without its text. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof BerthError) return fromDomain(error);
  const status = frameworkStatus(error);
  if (status !== undefined) return new HttpError(status, (error as Error).message);
  return new HttpError(500, 'The service met an error that it did not expect; the log of this request id has more.');
}

function fromDomain(error: BerthError): HttpError {
  const status = statusOf(error);
  const { code, reason, facts } = error;
  const wait = error.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  return new HttpError(status, error.message, {
    code,
    reason,
    facts,
    ...(wait !== undefined && { headers: { 'retry-after': `${Math.ceil(wait)}` } }),
  });
}

function statusOf(error: BerthError): number {
  if (error instanceof GenerationRequired) return 428;
  if (error instanceof CursorExpired) return 410;
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
