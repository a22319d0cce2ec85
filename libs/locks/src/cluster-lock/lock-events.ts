import { LOCK_MODES, type LockEvent } from '#berth/domain';
import { Notices } from '#berth/store';
import { Injectable } from '@nestjs/common';

/** Where processes tell one another what owners should know. */
export const EVENT_CHANNEL = 'berth_lock_events';

/** Who follows the events of an owner in a lockspace. */
export interface EventFollower {
  heard(event: LockEvent): void;
  /** Events may have been missed: look at what the owner holds. */
  lookAgain(): void;
}

/** Events of locks, as they are committed in any process. They are words, not records: what holds is in the tables. */
@Injectable()
export class LockEvents {
  private readonly followers = new Map<string, Set<EventFollower>>();
  private stop: (() => void) | undefined;
  private isHearing = false;

  constructor(private readonly notices: Notices) {}

  /** Follows until the answered function is called. `lookAgain` comes once following has begun. */
  follow(lockspace: string, owner: string, follower: EventFollower): () => void {
    const key = keyOf(lockspace, owner);
    this.followers.set(key, (this.followers.get(key) ?? new Set()).add(follower));
    if (this.stop === undefined) {
      this.stop = this.notices.listen(EVENT_CHANNEL, {
        heard: (payload) => this.handOut(payload),
        lookAgain: () => {
          this.isHearing = true;
          for (const each of [...this.followers.values()].flatMap((own) => [...own])) each.lookAgain();
        },
      });
    } else if (this.isHearing) queueMicrotask(() => follower.lookAgain());
    return () => this.leave(key, follower);
  }

  private leave(key: string, follower: EventFollower): void {
    const left = this.followers.get(key);
    left?.delete(follower);
    if (left?.size === 0) this.followers.delete(key);
    if (this.followers.size > 0) return;
    this.stop?.();
    this.stop = undefined;
    this.isHearing = false;
  }

  private handOut(payload: string): void {
    const event = fromPayload(payload);
    if (event === undefined) return;
    for (const follower of [...(this.followers.get(keyOf(event.lockspace, event.owner)) ?? [])]) follower.heard(event);
  }
}

const KINDS: readonly string[] = ['grant', 'revoke', 'changed', 'broken'] satisfies LockEvent['kind'][];

export function toPayload({ kind, lockspace, name, owner, mode, token, requestId }: LockEvent): string {
  return JSON.stringify([kind, lockspace, name, owner, LOCK_MODES.indexOf(mode), token, requestId]);
}

/** undefined: it is none that this version knows. */
function fromPayload(payload: string): LockEvent | undefined {
  const [kind, lockspace, name, owner, mode, token, requestId] = JSON.parse(payload) as [
    ...[LockEvent['kind'], string, string, string, number, number, number | null],
  ];
  const known = LOCK_MODES[mode];
  return KINDS.includes(kind) && known !== undefined
    ? { kind, lockspace, name, owner, mode: known, token, requestId }
    : undefined;
}

function keyOf(lockspace: string, owner: string): string {
  return `${lockspace}\0${owner}`;
}
