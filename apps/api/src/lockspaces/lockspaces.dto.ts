import { Invalid, REASONS, type HandleFlags, type LockMode } from '#berth/domain';
import type { AcquireRequest, LockActor, Lockspace } from '#berth/locks';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsUuidLike, MayBeAbsent, versionedBodies } from '../http/schema/index.js';
import { IsName } from '../http/schema/name.js';

/** Shorter ones end before the answer is read; longer ones than a day outlive whoever meant them: ms. */
const MIN_LEASE_MS = 100;
const MAX_LEASE_MS = 86_400_000;

/** Proxies give up on an answer that takes longer; more waiting is another request, or an asynchronous one: ms. */
const MAX_WAIT_MS = 60_000;
const MAX_ASYNC_WAIT_MS = 86_400_000;
const DEFAULT_ASYNC_WAIT_MS = 3_600_000;

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_GRACE_MS = 1_000;

/** Locks of one request; their rows are locked together. */
const MAX_TOGETHER = 100;

/** Tokens stay below what a JSON number holds exactly. */
const MAX_TOKEN = Number.MAX_SAFE_INTEGER;

const HELD_MODES = ['monitor', 'shared', 'exclusive'] as const;

/** `PUT /lockspaces/{lockspace}` (docs/api/cluster-locks.md). */
export class PutLockspaceBody {
  @MayBeAbsent()
  @IsInt()
  @Min(MIN_LEASE_MS)
  @Max(MAX_LEASE_MS)
  readonly lease_ms?: number;

  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_LEASE_MS)
  readonly grace_ms?: number;
}

class WaitBody {
  @MayBeAbsent()
  @IsName()
  readonly owner?: string;

  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_ASYNC_WAIT_MS)
  readonly wait_ms?: number;

  @MayBeAbsent()
  @IsBoolean()
  readonly async?: boolean;

  @MayBeAbsent()
  @IsInt()
  @Min(MIN_LEASE_MS)
  @Max(MAX_LEASE_MS)
  readonly lease_ms?: number;
}

/** `PUT /lockspaces/{lockspace}/locks/{name}`. */
export class PutLockBody extends WaitBody {
  @IsString()
  @IsIn(['unlock', ...HELD_MODES])
  readonly mode!: LockMode;

  @MayBeAbsent()
  @IsUuidLike()
  readonly handle?: string;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_TOKEN)
  readonly token?: number;
}

export class WantedLock {
  @IsName()
  readonly name!: string;

  @IsString()
  @IsIn([...HELD_MODES])
  readonly mode!: (typeof HELD_MODES)[number];
}

/** `POST /lockspaces/{lockspace}/acquire`. */
export class AcquireLocksBody extends WaitBody {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TOGETHER)
  @ValidateNested({ each: true })
  @Type(() => WantedLock)
  readonly locks!: readonly WantedLock[];
}

export class NamedToken {
  @IsName()
  readonly name!: string;

  @IsInt()
  @Min(1)
  @Max(MAX_TOKEN)
  readonly token!: number;
}

/** `POST /lockspaces/{lockspace}/renew`. */
export class RenewLocksBody {
  @IsName()
  readonly owner!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_TOGETHER)
  @ValidateNested({ each: true })
  @Type(() => NamedToken)
  readonly locks!: readonly NamedToken[];

  @MayBeAbsent()
  @IsInt()
  @Min(MIN_LEASE_MS)
  @Max(MAX_LEASE_MS)
  readonly lease_ms?: number;
}

/** `POST /lockspaces/{lockspace}/locks/{name}/break`: of all holders, of one, or of one hold. */
export class BreakLockBody {
  @MayBeAbsent()
  @IsName()
  readonly owner?: string;

  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_TOKEN)
  readonly token?: number;
}

/** `POST /lockspaces/{lockspace}/handles`. */
export class PostHandleBody {
  @IsName()
  readonly name!: string;

  @MayBeAbsent()
  @IsName()
  readonly owner?: string;

  @MayBeAbsent()
  @IsBoolean()
  readonly prealloc?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  readonly cache_read?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  readonly cache_write?: boolean;

  @MayBeAbsent()
  @IsBoolean()
  readonly use_semaphore?: boolean;
}

export const PUT_LOCKSPACE_BODIES = versionedBodies({ since: 0, class: PutLockspaceBody });
export const PUT_LOCK_BODIES = versionedBodies({ since: 0, class: PutLockBody });
export const ACQUIRE_LOCKS_BODIES = versionedBodies({ since: 0, class: AcquireLocksBody });
export const RENEW_LOCKS_BODIES = versionedBodies({ since: 0, class: RenewLocksBody });
export const BREAK_LOCK_BODIES = versionedBodies({ since: 0, class: BreakLockBody });
export const POST_HANDLE_BODIES = versionedBodies({ since: 0, class: PostHandleBody });

export function toLockspace(name: string, body: PutLockspaceBody): Omit<Lockspace, 'draining'> {
  return { name, leaseMs: body.lease_ms ?? DEFAULT_LEASE_MS, graceMs: body.grace_ms ?? DEFAULT_GRACE_MS };
}

/** Whose request it is. Throws Invalid unless exactly one of owner and handle is named. */
export function toActor({ owner, handle }: PutLockBody): LockActor {
  if (owner !== undefined && handle === undefined) return { owner };
  if (handle !== undefined && owner === undefined) return { handle };
  throw invalid('owner', 'either an owner or a handle has to be named, and not both');
}

/** What one lock is wanted for. Throws Invalid. `mode` is none of "unlock". */
export function toAcquireOne(
  { lockspace, name }: { readonly lockspace: string; readonly name: string },
  body: PutLockBody,
  signal: AbortSignal,
): AcquireRequest {
  const { mode, token, lease_ms: leaseMs } = body;
  if (mode === 'unlock') throw invalid('mode', 'unlock is no mode to wait for');
  return { lockspace, actor: toActor(body), locks: [{ name, mode }], token, leaseMs, ...toWait(body), signal };
}

/** Several at once. Throws Invalid if one is named twice, or nobody asks. */
export function toAcquireAll(lockspace: string, body: AcquireLocksBody, signal: AbortSignal): AcquireRequest {
  const { owner, locks, lease_ms: leaseMs } = body;
  if (owner === undefined) throw invalid('owner', 'missing');
  requireOnce(locks);
  return { lockspace, actor: { owner }, locks, leaseMs, ...toWait(body), signal };
}

/** Throws Invalid if a lock is named twice. */
export function requireOnce(locks: readonly { readonly name: string }[]): void {
  const twice = locks.find(({ name }, index) => locks.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined) throw invalid('locks', `'${twice.name}' is named twice`);
}

/** Throws Invalid: what is cached is not counted, because a release of it is not written. */
export function toFlags(body: PostHandleBody): HandleFlags {
  const { prealloc = false, cache_read: cacheRead = false, cache_write: cacheWrite = false } = body;
  const useSemaphore = body.use_semaphore ?? false;
  if (useSemaphore && (cacheRead || cacheWrite)) throw invalid('use_semaphore', 'not together with a cache flag');
  return { prealloc, cacheRead, cacheWrite, useSemaphore };
}

function toWait({ wait_ms: waitMs, async: isAsync = false }: WaitBody): Pick<AcquireRequest, 'waitMs' | 'isAsync'> {
  if (isAsync) return { isAsync, waitMs: waitMs ?? DEFAULT_ASYNC_WAIT_MS };
  if (waitMs !== undefined && waitMs > MAX_WAIT_MS) {
    throw invalid('wait_ms', `${waitMs} is more than ${MAX_WAIT_MS}; ask again then, or with "async": true`);
  }
  return { isAsync, waitMs: waitMs ?? 0 };
}

function invalid(field: string, message: string): Invalid {
  return new Invalid(`${field}: ${message}`, { reason: REASONS.bodyInvalid, facts: { field } });
}

/** Whether somebody waits for the answer for as long as others hold what is wanted. */
export function waitsForLocks({ body }: { readonly body: unknown }): boolean {
  const { wait_ms: waitMs = 0, async: isAsync = false } = body as WaitBody;
  return !isAsync && waitMs > 0;
}
