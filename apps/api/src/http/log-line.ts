/** Writes one line of JSON to standard error, for whoever runs the service. */
export function log(
  level: 'info' | 'warn' | 'error',
  msg: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  process.stderr.write(`${JSON.stringify({ level, msg, pid: process.pid, ...fields })}\n`);
}
