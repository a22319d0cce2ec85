import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { REASONS, Unavailable } from '#berth/domain';
import { Logger } from '@nestjs/common';
import type { LimitsConfig } from './limits-config.js';

/** What a share of the process's room is taken for. */
type Kind = 'requests' | 'waiting' | 'bytes';

/** What one connection takes of each, so that all of it comes back when the connection ends, however it does. */
interface Share {
  readonly taken: Record<Kind, number>;
  ended: boolean;
}

/** What of a request is told to its `Load` again when it ends. */
interface Ticket {
  readonly load: Load;
  readonly share: Share;
  waits: boolean;
  bytes: number;
}

/** Smaller bodies and answers are not counted: as many as there may be requests, they are 128 MB. */
export const COUNTED_BYTES = 64 * 1024;

/** How often it is logged that requests were refused: ms. */
const TELL_MS = 10_000;

const tickets = new WeakMap<ServerResponse, Ticket>();

const TEXTS: Readonly<Record<Kind, string>> = {
  requests: 'Too many requests are under way; nothing was written. Try again later.',
  waiting: 'Too many requests wait already; nothing was written. Try again later.',
  bytes: 'Too many large bodies and answers are on their way; nothing was written. Try again later.',
};

/** What a process has in hand, and refuses more of. Source: docs/limits.md, docs/adr/0023. */
export class Load {
  private readonly taken: Record<Kind, number> = { requests: 0, waiting: 0, bytes: 0 };
  private readonly most: Readonly<Record<Kind, number>>;
  private readonly shares = new WeakMap<Socket, Share>();
  private refused = 0;
  private readonly logger = new Logger('Limits');

  constructor({ maxRequests, maxWaiting, maxHeldBytes }: LimitsConfig) {
    this.most = { requests: maxRequests, waiting: maxWaiting, bytes: maxHeldBytes };
  }

  /** How much of each is taken at the moment, for those who watch. */
  get now(): Readonly<Record<Kind, number>> {
    return this.taken;
  }

  /** Takes a request on, until its answer has left or its connection ended. Throws Unavailable if there are too many. */
  begin(answer: ServerResponse, socket: Socket): void {
    this.refuseIfFull('requests');
    this.refuseIfFull('bytes');
    const ticket: Ticket = { load: this, share: this.shareOf(socket), waits: false, bytes: 0 };
    tickets.set(answer, ticket);
    this.add(ticket.share, 'requests', 1);
    answer.once('close', () => this.end(answer, ticket));
  }

  /** From now on the request only waits: it makes room for others. Throws Unavailable if too many wait. */
  wait(answer: ServerResponse): void {
    const ticket = tickets.get(answer);
    if (ticket === undefined || ticket.waits) return;
    this.refuseIfFull('waiting');
    ticket.waits = true;
    this.add(ticket.share, 'requests', -1);
    this.add(ticket.share, 'waiting', 1);
  }

  /** Bytes that are kept for a request until it ends. Answers false if they are too many, and counts them all the same. */
  hold(answer: ServerResponse, bytes: number): boolean {
    const ticket = tickets.get(answer);
    if (ticket === undefined) return true;
    ticket.bytes += bytes;
    this.add(ticket.share, 'bytes', bytes);
    return this.taken.bytes <= this.most.bytes;
  }

  private end(answer: ServerResponse, { share, waits, bytes }: Ticket): void {
    tickets.delete(answer);
    this.add(share, waits ? 'waiting' : 'requests', -1);
    this.add(share, 'bytes', -bytes);
  }

  private add(share: Share, kind: Kind, amount: number): void {
    // What comes after the end of the connection was given back with it.
    if (share.ended) return;
    share.taken[kind] += amount;
    this.taken[kind] += amount;
  }

  /** Of requests in a pipeline, those whose turn never came are not told that their connection ended. */
  private shareOf(socket: Socket): Share {
    const known = this.shares.get(socket);
    if (known !== undefined) return known;
    const share: Share = { taken: { requests: 0, waiting: 0, bytes: 0 }, ended: false };
    this.shares.set(socket, share);
    socket.once('close', () => {
      share.ended = true;
      for (const kind of ['requests', 'waiting', 'bytes'] as const) this.taken[kind] -= share.taken[kind];
    });
    return share;
  }

  /** Throws Unavailable if no more of it is taken on. */
  refuseIfFull(kind: Kind): void {
    const limit = this.most[kind];
    if (this.taken[kind] < limit) return;
    this.tell(kind);
    throw new Unavailable(TEXTS[kind], { reason: REASONS.overloaded, facts: { of: kind, limit } });
  }

  /** Not each of them: where thousands are refused, writing that down is what would take longest. */
  private tell(kind: Kind): void {
    this.refused += 1;
    if (this.refused > 1) return;
    const say = (): void => {
      const { requests, waiting, bytes } = this.taken;
      this.logger.warn(
        `${this.refused} requests were refused, for ${kind} first; in hand: ${requests} requests, ${waiting} waiting, ${bytes} bytes`,
      );
      this.refused = 0;
    };
    setTimeout(say, TELL_MS).unref();
  }
}

/**
 * Counts the bytes of an answer until its client has them. One that `mayRefuse` is not sent when there are too many: throws
 * Unavailable then.
 */
export function holdAnswer(answer: ServerResponse, bytes: number, mayRefuse: boolean): void {
  if (bytes <= COUNTED_BYTES) return;
  const load = tickets.get(answer)?.load;
  if (load === undefined) return;
  if (mayRefuse) load.refuseIfFull('bytes');
  load.hold(answer, bytes);
}
