import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** What an error is about, as plain values: uuids, names, amounts, generations. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly (string | number)[]>>;

export interface ErrorOptions {
  readonly code?: ErrorCode;
  readonly facts?: Facts;
  readonly cause?: unknown;
}

/**
 * An outcome that somebody outside must act on. `message` is the outward text, word for word what the API
 * answers; inward detail goes into `cause` and `facts`. Anything thrown that is not one of these is a bug.
 */
export abstract class BerthError extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code ?? ERROR_CODES.undefined;
    this.facts = options.facts ?? {};
  }
}

/** The thing named does not exist: look again, or create it. */
export class NotFound extends BerthError {}

/** The request was sound, the state of the world was not what it takes: read again, then decide. */
export class Conflict extends BerthError {}

/** The request itself is wrong: repeating it can't help. */
export class Invalid extends BerthError {}

/** Nobody did anything wrong and nothing was written: try again later. */
export class Unavailable extends BerthError {}

/** A generation moved. Source: spec errors.md §2, `placement.concurrent_update`. */
export class GenerationConflict extends Conflict {
  constructor(message: string, facts: Facts = {}) {
    super(message, { code: ERROR_CODES.concurrentUpdate, facts });
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
        facts: { resource_provider: providerUuid, resource_classes: resourceClasses },
      },
    );
  }
}
