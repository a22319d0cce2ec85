/** More of them is a circle. */
const MAX_CAUSES = 5;

/** An error as it is logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/**
 * What is told of an error: these members and no others, because libraries hang all kinds of things on theirs, such as
 * the request that failed with its headers.
 */
export function errorField(failure: unknown, causes = MAX_CAUSES): LoggedError {
  if (!(failure instanceof Error)) return { type: typeof failure, message: String(failure) };
  const { name, message, stack, cause } = failure;
  const { code } = failure as { readonly code?: unknown };
  return {
    type: name,
    message,
    ...(typeof code === 'string' && { code }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && causes > 0 && { cause: errorField(cause, causes - 1) }),
  };
}
