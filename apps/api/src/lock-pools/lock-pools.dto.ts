import { DEFAULT_POOL_CAPACITY, MAX_POOL_CAPACITY, Invalid, REASONS } from '#berth/domain';
import type { AskPermit } from '#berth/locks';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeAbsent, versionedBodies } from '../http/schema/index.js';
import { IsName, MAX_NAME, STORABLE } from '../http/schema/name.js';

/** Whoever holds longer says so now and then. */
const MAX_LEASE_SECONDS = 86_400;
const DEFAULT_LEASE_SECONDS = 60;

/** Proxies give up on an answer that takes a minute; more waiting is another request. */
const MAX_WAIT_SECONDS = 60;

/** `PUT /lock_pools/{pool}` (docs/api/lock-pools.md). */
export class PutLockPoolBody {
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_POOL_CAPACITY)
  readonly capacity?: number;
}

/** `POST /lock_pools/{pool}/permits`. */
export class PostPermitBody {
  @IsName()
  readonly key!: string;

  @IsName()
  readonly owner!: string;

  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  readonly wait_seconds?: number;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_LEASE_SECONDS)
  readonly lease_seconds?: number;
}

/** `PUT /lock_pools/{pool}/permits/{token}`. */
export class PutPermitBody {
  @IsName()
  readonly owner!: string;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_LEASE_SECONDS)
  readonly lease_seconds?: number;
}

export const PUT_LOCK_POOL_BODIES = versionedBodies({ since: 0, class: PutLockPoolBody });
export const POST_PERMIT_BODIES = versionedBodies({ since: 0, class: PostPermitBody });
export const PUT_PERMIT_BODIES = versionedBodies({ since: 0, class: PutPermitBody });

/** The pool's name, as it may be stored. Throws Invalid. */
export function toPoolName(name: string): string {
  if ([...name].length <= MAX_NAME && STORABLE.test(name)) return name;
  throw new Invalid(`A lock pool's name has 1 to ${MAX_NAME} characters, and no NUL.`, {
    reason: REASONS.nameMalformed,
  });
}

export function toCapacity({ capacity = DEFAULT_POOL_CAPACITY }: PutLockPoolBody): number {
  return capacity;
}

export function toAsk({ key, owner, wait_seconds = 0, ...lease }: PostPermitBody, signal: AbortSignal): AskPermit {
  return { key, owner, leaseMs: toLeaseMs(lease), waitMs: wait_seconds * 1_000, signal };
}

export function toLeaseMs({ lease_seconds = DEFAULT_LEASE_SECONDS }: { readonly lease_seconds?: number }): number {
  return lease_seconds * 1_000;
}
