import { REASONS } from '#berth/domain';
import { HttpError } from '../http-error.js';

/** As long as a silent Keystone is left alone: s. */
export const RETRY_AFTER_SECONDS = 2;

/** Who asks can't be found out now: 503. `why` is for the log, in which `Outage` tells it once. */
export class KeystoneUnavailable extends HttpError {
  override readonly cause: Error;

  constructor(
    why: string,
    /** Whether it cost time and may again: no answer at all, instead of one that is of no use. */
    readonly silent = false,
  ) {
    super(503, 'The identity service is not available.', {
      reason: REASONS.identityUnavailable,
      headers: { 'retry-after': `${RETRY_AFTER_SECONDS}` },
    });
    this.cause = new Error(why);
  }
}
