let secondStartMs = -Infinity;
let second = '';

/**
 * The time of a line, ISO 8601 in UTC, as the member that pino takes: `,"time":"…"`. The second is written once for all
 * lines in it: the whole date anew for each would cost as much as the rest of the line.
 */
export function timeField(): string {
  const now = Date.now();
  const sinceMs = now - secondStartMs;
  if (sinceMs >= 0 && sinceMs < 1_000) return `${second}${String(sinceMs).padStart(3, '0')}Z"`;
  secondStartMs = now - (now % 1_000);
  second = `,"time":"${new Date(secondStartMs).toISOString().slice(0, -'000Z'.length)}`;
  return `${second}${String(now - secondStartMs).padStart(3, '0')}Z"`;
}
