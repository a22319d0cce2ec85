import { pino, type Logger as Pino } from 'pino';
import { errorField } from './log/error-field.js';
import type { LogLevel } from './log/log-config.js';
import { LogSink } from './log/log-sink.js';
import { timeField } from './log/time-field.js';

/** What a line says beside its message; an error under `err` is written with its stack. */
export type Fields = Readonly<Record<string, unknown>>;

const sink = new LogSink();

const root: Pino = pino(
  {
    level: 'info',
    base: { pid: process.pid },
    timestamp: timeField,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: errorField },
  },
  sink,
);

/**
 * The log of the process: one JSON object a line on the standard output. Never give it tokens, passwords or header values.
 * Rooms below say what they have to say through Nest's Logger, which ends here too (`log/nest-log.ts`).
 */
export const log = {
  debug(fields: Fields, message: string): void {
    root.debug(fields, message);
  },
  info(fields: Fields, message: string): void {
    root.info(fields, message);
  },
  warn(fields: Fields, message: string): void {
    root.warn(fields, message);
  },
  error(fields: Fields, message: string): void {
    root.error(fields, message);
  },
};

/**
 * The line that `log` would write, written in one piece: for the one that each request has. `fields` is called only where lines of
 * that level are written; there is at least one, and they are strings, numbers and booleans; those that are undefined are left out.
 */
export function logOften(level: LogLevel, fields: () => Fields, message: string): void {
  if (!root.isLevelEnabled(level)) return;
  const members = JSON.stringify(fields()).slice(1, -1);
  sink.write(`{"level":"${level}"${timeField()},"pid":${process.pid},${members},"msg":${JSON.stringify(message)}}\n`);
}

/** Lines below the level are not written from now on. */
export function setLogLevel(level: LogLevel): void {
  root.level = level;
}

/** Resolves once everything that was logged is out. */
export function flushLog(): Promise<void> {
  return sink.flush();
}

/** That the service answers now, and where; supervisors read this line, so its members come in this order. */
export function logListening(url: string): void {
  sink.write(`${JSON.stringify({ level: 'info', msg: 'listening', url, pid: process.pid })}\n`);
}
