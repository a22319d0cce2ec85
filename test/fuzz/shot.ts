/** Bytes that go out at once, and how long nothing follows them: ms. */
export interface Part {
  readonly bytes: Buffer;
  readonly pauseMs: number;
}

/** One thing that a client does to the service, on a connection of its own. */
export interface Shot {
  readonly index: number;
  /** What it is about, in a few words. */
  readonly what: string;
  readonly parts: readonly Part[];
  /**
   * `answer`: whole requests that each have to be answered. `anything`: answers, or the end of the connection, in time.
   * `leave`: the client goes after its last byte.
   */
  readonly wants: 'answer' | 'anything' | 'leave';
  /** Requests in it, and so answers at most. */
  readonly requests: number;
  /** Of the first request, for what its answer is held against. */
  readonly method: string;
  readonly berth: boolean;
  /** Whether it asks to wait, so that no answer for a while is right. */
  readonly mayWait: boolean;
}

/** What of a shot a human wants to see. */
export function show({ index, what, parts }: Shot): string {
  const text = Buffer.concat(parts.map(({ bytes }) => bytes)).toString('latin1');
  const cut = text.length > 1_500 ? `${text.slice(0, 1_500)}… (${text.length} bytes)` : text;
  return `#${index} ${what}: ${JSON.stringify(cut)}`;
}
