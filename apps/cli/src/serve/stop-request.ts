/** Whether somebody asked this process to stop. */
export interface StopRequest {
  readonly asked: boolean;
  /** Ends at the first signal. */
  readonly first: Promise<void>;
  /** Ends at the second: whoever asks twice does not want to wait. */
  readonly second: Promise<void>;
}

/** SIGHUP: the terminal was closed, and nobody would see what goes on. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * npm and a terminal may both deliver one Ctrl-C, a moment apart; that is one wish.
 */
const SAME_WISH_MS = 500;

/** From now on signals do not end this process but are reported here. */
export function listenForStop(): StopRequest {
  let firstAt: number | undefined;
  let onFirst = (): void => undefined;
  let onSecond = (): void => undefined;
  const first = new Promise<void>((resolve) => (onFirst = resolve));
  const second = new Promise<void>((resolve) => (onSecond = resolve));
  const receive = (): void => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      onFirst();
    } else if (Date.now() - firstAt > SAME_WISH_MS) {
      onSecond();
    }
  };
  for (const signal of SIGNALS) process.on(signal, receive);
  return {
    get asked() {
      return firstAt !== undefined;
    },
    first,
    second,
  };
}
