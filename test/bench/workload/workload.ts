import type { HttpConnection } from '../load/http-connection.js';
import type { Reply } from '../load/reply-reader.js';
import type { Facts, Part } from '../load/orders.js';
import type { Random } from '../world/random.js';
import type { World, WorldKind } from '../world/world.js';

/** What the steps of a workload work with. */
export interface Scene {
  readonly world: World;
  readonly random: Random;
  readonly part: Part;
  readonly minor: number;
  readonly facts: Facts;
  /** A connection for preparations; what goes over it is not measured. */
  readonly aside: HttpConnection;
  /** The uuid of a consumer that nobody has used; `kept` ones are removed in the end. */
  newConsumer(kept: boolean): string;
}

/** One measured unit; answers the last reply, whose status decides what became of it. */
export type Step = (connection: HttpConnection) => Promise<Reply>;

export interface Workload {
  /** As in the tables: `W4`. */
  readonly id: string;
  readonly title: string;
  readonly world: WorldKind;
  /** The first minor version whose requests it needs. */
  readonly since: number;
  /** Wants allocations that only the owner of the database can write fast enough. */
  readonly storedConsumers?: true;
  /** Speaks berth 1.0, which a peer is not asked for. */
  readonly contract?: true;
  prepare(scene: Scene): Step | Promise<Step>;
}

/** Whether the status means that what was asked for has happened. */
export function isOk({ status }: Reply): boolean {
  return status >= 200 && status < 300;
}

export const REFUSED = 409;
