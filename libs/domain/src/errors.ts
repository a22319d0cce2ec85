import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { REASONS, type Reason } from './reasons.js';

/** A value that a client can read: what JSON has. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };

/** What an error is about, as plain values: uuids, names, amounts, generations. */
export type Facts = Readonly<Record<string, Fact>>;

export interface ErrorOptions {
  readonly code?: ErrorCode;
  /** The cause; without it that of the class. */
  readonly reason?: Reason;
  /** How long waiting may help: s. */
  readonly retryAfterSeconds?: number;
  readonly facts?: Facts;
  readonly cause?: unknown;
}

/**
 * An outcome that somebody outside must act on. `message` is the outward text, word for word what the API
 * answers; inward detail goes into `cause` and `facts`. Anything thrown that is not one of these is a bug.
 */
export abstract class BerthError extends Error {
  readonly code: ErrorCode;
  readonly reason: Reason | undefined;
  readonly facts: Facts;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? ERROR_CODES.undefined;
    this.reason = options.reason;
    this.facts = options.facts ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The thing named does not exist: look again, or create it. */
export class NotFound extends BerthError {}

/** The request was sound, the state of the world was not what it takes: read again, then decide. */
export class Conflict extends BerthError {}

/** The request itself is wrong: repeating it can't help. */
export class Invalid extends BerthError {}

/** A request that changes something did not say which generation it saw. */
export class GenerationRequired extends BerthError {
  constructor(missing: readonly string[]) {
    super(
      `This request has to say which generation it saw; missing: ${missing.join(', ')}. Send it in the body, as If-Match, ` +
        'or as a query parameter.',
      { code: ERROR_CODES.generationRequired, reason: REASONS.generationRequired, facts: { missing } },
    );
  }
}

/** The query string is wrong. */
export class InvalidQuery extends Invalid {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { reason: REASONS.queryInvalid, ...options });
  }
}

/** Nobody did anything wrong and nothing was written: try again later. */
export class Unavailable extends BerthError {}

/** Whoever follows the changes stands where they are not remembered any more. */
export class CursorExpired extends BerthError {
  constructor() {
    super(
      'The cursor is older than the changes that are remembered, or of another history of the database. Read ' +
        'everything again, and follow from a new cursor.',
      { reason: REASONS.cursorExpired },
    );
  }
}

/** A generation moved. Source: spec errors.md §2, `placement.concurrent_update`. */
export class GenerationConflict extends Conflict {
  constructor(message: string, facts: Facts = {}, reason: Reason = REASONS.providerGenerationStale) {
    super(message, { code: ERROR_CODES.concurrentUpdate, reason, facts });
  }
}

/** A provider is not at the generation that the client saw. `current`: the one it is at. */
export class ProviderGenerationConflict extends GenerationConflict {
  constructor(message: string, providerUuid: string, current: number, given: number | null) {
    super(message, { resource_provider: providerUuid, current_generation: current, given_generation: given });
  }
}

/** A class that something still allocates was about to lose its inventory. Source: spec inventories.md §5, §6. */
export class InventoryInUse extends Conflict {
  constructor(
    readonly providerUuid: string,
    readonly resourceClasses: readonly string[],
    options: { readonly prefix?: string; readonly code?: ErrorCode } = {},
  ) {
    super(
      `${options.prefix ?? ''}Inventory for '${resourceClasses.join(', ')}' on resource provider '${providerUuid}' in use.`,
      {
        code: options.code ?? ERROR_CODES.inventoryInUse,
        reason: REASONS.inventoryInUse,
        facts: { resource_provider: providerUuid, resource_classes: resourceClasses },
      },
    );
  }
}

/** There is no room for what was asked for. `facts` say why. */
export class NoRoom extends Conflict {
  constructor(facts: Facts) {
    super('There is no room for this request.', { reason: REASONS.noRoom, facts });
  }
}

/** How long others may take until they are through: s. */
const CONTENDED_RETRY_SECONDS = 1;

/** There may be room, but each time somebody else was faster; nothing was written. */
export class Contended extends Conflict {
  constructor(attempts: number) {
    super(`Others claimed the same room first, ${attempts} times. Nothing was written. Try again later.`, {
      reason: REASONS.contended,
      retryAfterSeconds: CONTENDED_RETRY_SECONDS,
      facts: { attempts },
    });
  }
}
