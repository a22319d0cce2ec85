/** Whether somebody asked this process to stop. */
export interface StopRequest {
  readonly asked: boolean;
  /** Whether SIGHUP asks for it too. */
  readonly byHangup: boolean;
  /** Ends at the first signal. */
  readonly first: Promise<void>;
  /** Ends at the second: whoever asks twice does not want to wait. */
  readonly second: Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * npm and a terminal may both deliver one Ctrl-C, a moment apart; that is one wish.
 */
const SAME_WISH_MS = 500;

/** From now on signals do not end this process but are reported here; SIGHUP is one of them if that is what it means. */
export function listenForStop(byHangup: boolean): StopRequest {
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
  if (byHangup) process.on('SIGHUP', receive);
  return {
    get asked() {
      return firstAt !== undefined;
    },
    byHangup,
    first,
    second,
  };
}
