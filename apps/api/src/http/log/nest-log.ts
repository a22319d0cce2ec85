import type { LoggerService } from '@nestjs/common';
import { log } from '../log.js';

/** What the framework itself says while it starts, some hundred lines: for those who look for an error in it. */
const FRAMEWORK = new Set(['InstanceLoader', 'NestApplication', 'NestFactory', 'RouterExplorer', 'RoutesResolver']);

/**
 * The log for Nest's `Logger`, by which the libraries say that something went wrong: they know neither this room nor
 * the library that writes lines. The last thing said is the name of who says it.
 */
export class NestLog implements LoggerService {
  log(message: unknown, ...more: readonly unknown[]): void {
    const { context } = partsOf(more);
    if (FRAMEWORK.has(context ?? '')) log.debug({ context }, String(message));
    else log.info({ context }, String(message));
  }

  error(message: unknown, ...more: readonly unknown[]): void {
    log.error(partsOf(more), String(message));
  }

  warn(message: unknown, ...more: readonly unknown[]): void {
    log.warn(partsOf(more), String(message));
  }

  debug(message: unknown, ...more: readonly unknown[]): void {
    log.debug(partsOf(more), String(message));
  }

  verbose(message: unknown, ...more: readonly unknown[]): void {
    this.debug(message, ...more);
  }

  fatal(message: unknown, ...more: readonly unknown[]): void {
    this.error(message, ...more);
  }
}

/** A stack, if there is one, stands before the name. */
function partsOf(more: readonly unknown[]): { readonly context?: string; readonly stack?: string } {
  const texts = more.filter((one) => typeof one === 'string');
  const context = texts.at(-1);
  const stack = texts.at(-2);
  return { ...(context !== undefined && { context }), ...(stack !== undefined && { stack }) };
}
