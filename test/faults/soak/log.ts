import type { Outcome } from '../../support/send.js';

export interface Violation {
  readonly rule: string;
  readonly message: string;
}

/** More of one rule say nothing new. */
const MAX_OF_A_RULE = 20;

/** How often what came of requests, and what must not have happened. */
export class SoakLog {
  /** Kind and outcome: how many. */
  readonly counts = new Map<string, number>();
  readonly violations: Violation[] = [];
  private readonly ofRule = new Map<string, number>();
  /** Requests that were not served: no answer, 503, nobody there. */
  disturbed = 0;

  count(kind: string, outcome: Outcome): void {
    const { status } = outcome;
    if (status <= 0 || status === 503) this.disturbed += 1;
    const came = status === 0 ? 'no answer' : status === -1 ? 'nobody there' : `${status} ${reasonOf(outcome) ?? ''}`;
    const key = `${kind}: ${came.trim()}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  note(rule: string, message: string): void {
    const before = this.ofRule.get(rule) ?? 0;
    this.ofRule.set(rule, before + 1);
    if (before < MAX_OF_A_RULE) this.violations.push({ rule, message });
  }
}

/** What stood in the way, in the words of errors. */
export function reasonOf({ body }: Outcome): string | undefined {
  const error = firstError(body);
  return error?.reason?.code ?? error?.code;
}

export function detailOf({ body }: Outcome): string {
  return firstError(body)?.detail ?? '';
}

interface WireError {
  readonly code?: string;
  readonly detail?: string;
  readonly reason?: { readonly code?: string };
}

function firstError(body: unknown): WireError | undefined {
  return ((body ?? {}) as { errors?: readonly WireError[] }).errors?.[0];
}
