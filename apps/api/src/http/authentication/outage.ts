import { KeystoneUnavailable, RETRY_AFTER_SECONDS } from './keystone-unavailable.js';

/** So many questions at once: whoever comes then would wait longer than the answer is worth. */
const MAX_QUESTIONS = 256;

/** The same trouble is told again only after this: ms. */
const REPEAT_MS = 60_000;

export interface OutageOptions {
  readonly now: () => number;
  /** Tells whoever runs the service what has become of Keystone. */
  readonly say: (line: string) => void;
}

/**
 * Knows whether Keystone answers. While it is silent, one question every two seconds looks whether it is back, and all
 * others fail at once: otherwise each would wait the whole time limit, and they would pile up.
 */
export class Outage {
  private silentUntilMs: number | undefined;
  private probing = false;
  private asking = 0;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private told: { readonly line: string; readonly atMs: number } | undefined;

  constructor(private readonly options: OutageOptions) {}

  /** Asks, unless it is known to be in vain. Throws KeystoneUnavailable, also what `ask` throws. */
  async ask<T>(ask: () => Promise<T>): Promise<T> {
    if (this.asking >= MAX_QUESTIONS) throw new KeystoneUnavailable(`${MAX_QUESTIONS} questions wait already`);
    const beganAtMs = this.options.now();
    const isProbe = this.silentUntilMs !== undefined;
    if (this.silentUntilMs !== undefined && (this.probing || beganAtMs < this.silentUntilMs)) {
      throw new KeystoneUnavailable('it did not answer a moment ago');
    }
    if (isProbe) this.probing = true;
    this.asking += 1;
    try {
      const answer = await ask();
      this.answered();
      return answer;
    } catch (error) {
      if (error instanceof KeystoneUnavailable) this.failed(error, beganAtMs);
      throw error;
    } finally {
      this.asking -= 1;
      if (isProbe) this.probing = false;
    }
  }

  private answered(): void {
    this.answeredAtMs = this.options.now();
    this.silentUntilMs = undefined;
    if (this.told !== undefined) this.options.say('Keystone answers again');
    this.told = undefined;
  }

  private failed({ silent, cause }: KeystoneUnavailable, beganAtMs: number): void {
    const atMs = this.options.now();
    if (!silent) this.answeredAtMs = atMs;
    // One that got lost while others were answered says nothing about Keystone.
    if (!silent) this.silentUntilMs = undefined;
    else if (this.answeredAtMs < beganAtMs) this.silentUntilMs = atMs + RETRY_AFTER_SECONDS * 1_000;
    const line = `Keystone can't be asked about tokens: ${cause.message}`;
    if (this.told?.line === line && atMs - this.told.atMs < REPEAT_MS) return;
    this.told = { line, atMs };
    this.options.say(line);
  }
}
