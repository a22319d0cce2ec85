let asked = false;

/** From now on the first Ctrl-C ends the run after the cell under way, with everything cleaned up; the second at once. */
export function listenForInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) process.exit(1);
      asked = true;
      process.stderr.write('\nstopping after what is under way …\n');
    });
  }
}

/** Throws if somebody asked the run to end. */
export function checkInterruption(): void {
  if (asked) throw new Error('interrupted');
}
