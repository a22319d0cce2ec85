import type { Generators } from '../load/generators.js';
import type { Address } from '../load/http-connection.js';

/** One server that is measured, and those who ask it. */
export interface Target {
  /** As in the tables: `berth`, `peer`. */
  readonly name: string;
  readonly address: Address;
  /** The roots of the process trees whose processor time counts; undefined where nobody told. */
  readonly serverPid: number | undefined;
  readonly databasePid: number | undefined;
  readonly generators: Generators;
}
