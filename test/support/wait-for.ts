import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

export interface WaitLimit {
  readonly limitMs?: number;
  /** Completes "waited in vain for …". */
  readonly what: string;
}

/** Waits until the condition answers something true, and answers that. Throws after the limit (30 s unless given). */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { limitMs = 30_000, what }: WaitLimit,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | 0 | '' | null | undefined>;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await sleep(POLL_MS);
  }
}
