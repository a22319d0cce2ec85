/** SQLSTATEs that the house decides on. Source: PostgreSQL manual, appendix A. */
const SQLSTATE = {
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  uniqueViolation: '23505',
  foreignKeyViolation: '23503',
  invalidByteSequence: '22021',
  untranslatableCharacter: '22P05',
  lockNotAvailable: '55P03',
  insufficientPrivilege: '42501',
  objectNotInPrerequisiteState: '55000',
  readOnlyTransaction: '25006',
} as const;

/**
 * Classes 08 (connection), 53 (resources), 57 (operator intervention, 57014 being a statement that took too long), 25P03
 * and 25P04 (a transaction that did): the database isn't there for us.
 */
const UNAVAILABLE = /^(08|53|57|25P0[34])/;

/** What node-postgres and the socket below it report when there is nobody to talk to. */
const CONNECTION_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
]);

/** The same, where node-postgres gives no code. */
const WITHOUT_CODE =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered|was closed))/;

interface PgError {
  readonly code?: unknown;
  readonly constraint?: unknown;
}

/** The statement asked for work that another transaction made impossible: the whole of it may run again. */
export function isRetryable(error: unknown): boolean {
  const code = codeOf(error);
  return code === SQLSTATE.serializationFailure || code === SQLSTATE.deadlockDetected;
}

/** The statement waited for a lock for as long as it was allowed to. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === SQLSTATE.lockNotAvailable;
}

/** The role of the connection may not do what the statement says. */
export function isPrivilegeMissing(error: unknown): boolean {
  return codeOf(error) === SQLSTATE.insufficientPrivilege;
}

/** Whether a unique constraint refused a row; the constraint's name if so. */
export function violatedUnique(error: unknown): string | undefined {
  return codeOf(error) === SQLSTATE.uniqueViolation ? constraintOf(error) : undefined;
}

/** Whether a foreign key refused a row or its removal; the constraint's name if so. */
export function violatedForeignKey(error: unknown): string | undefined {
  return codeOf(error) === SQLSTATE.foreignKeyViolation ? constraintOf(error) : undefined;
}

/** Text that PostgreSQL can't store, a NUL character in practice. */
export function isUnstorableText(error: unknown): boolean {
  const code = codeOf(error);
  return code === SQLSTATE.invalidByteSequence || code === SQLSTATE.untranslatableCharacter;
}

/**
 * What answered is not the primary: a standby, or one that was demoted. It refuses writes, and says "recovery is in
 * progress" (55000) where it is asked for the log's end.
 */
export function isElsewhere(error: unknown): boolean {
  const code = codeOf(error);
  return code === SQLSTATE.readOnlyTransaction || code === SQLSTATE.objectNotInPrerequisiteState;
}

/** What was to be written is no row of this schema: a value of another type or size (class 22), or a broken rule (23). */
export function isUnfit(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error) ?? '');
}

/** The database is down, going down, out of room, unreachable, or what is reached is not its primary. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return UNAVAILABLE.test(code) || CONNECTION_FAILURES.has(code) || isElsewhere(error);
  return error instanceof Error && WITHOUT_CODE.test(error.message);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as PgError | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function constraintOf(error: unknown): string | undefined {
  const constraint = (error as PgError).constraint;
  return typeof constraint === 'string' ? constraint : undefined;
}
