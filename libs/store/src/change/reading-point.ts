import type { ServerRun } from '../server-run.js';

/** Where a reading stands, as the database writes it: `xmin:xmax:xip_list`. */
export type ReadingPoint = string;

/** A reading that is remembered, and the run of the server in which it means something. */
export interface Reading {
  readonly at: ReadingPoint;
  readonly run: ServerRun;
}

/** Time runs backwards when the database was replaced by an older one: what was read of the other is worth nothing. */
export function isBehind(now: ReadingPoint, before: ReadingPoint): boolean {
  return xmaxOf(now) < xmaxOf(before);
}

function xmaxOf(point: ReadingPoint): bigint {
  return BigInt(point.split(':')[1] ?? 0);
}
