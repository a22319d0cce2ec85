import type { Identity } from './identity.js';

export const POLICIES = ['secure', 'legacy', 'open'] as const;

/** Which defaults decide who may do what (spec http.md §2.1). */
export type Policy = (typeof POLICIES)[number];

/** What a rule may look at beside who asks. */
export interface PolicyTarget {
  readonly projectId?: string | undefined;
}

/** Why a request is refused; undefined: it isn't. The text is the message of the 403. */
export type Verdict = string | undefined;

type Check = (identity: Identity, target: PolicyTarget) => boolean;

const adminOrService: Check = ({ roles }) => roles.has('admin') || roles.has('service');

const adminOrProjectReaderOrService: Check = (identity, { projectId }) =>
  adminOrService(identity, {}) ||
  (identity.roles.has('reader') && projectId !== undefined && identity.project === projectId);

const adminOnly: Check = ({ roles }) => roles.has('admin');

const serviceOnly: Check = ({ roles }) => roles.has('service');

/** Who takes from others what they hold answers for it in person. */
const FORCE = { 'berth:slot_locks:force': adminOnly, 'berth:lockspaces:break': adminOnly };

/** The rules that differ from "admin or service". Source: spec http.md §2.1. */
const EXCEPTIONS: Readonly<Record<Exclude<Policy, 'open'>, Readonly<Record<string, Check>>>> = {
  secure: { 'placement:usages': adminOrProjectReaderOrService, 'placement:reshaper:reshape': serviceOnly, ...FORCE },
  legacy: { 'placement:usages': adminOrProjectReaderOrService, ...FORCE },
};

/** Judges a request by a rule of the policy; scope comes before roles. Source: spec http.md §2.1. */
export function judge(policy: Policy, rule: string, identity: Identity, target: PolicyTarget): Verdict {
  if (identity.scope !== 'project') return rule;
  if (policy === 'open') return undefined;
  const check = EXCEPTIONS[policy][rule] ?? adminOrService;
  return check(identity, target) ? undefined : `Policy does not allow ${rule} to be performed.`;
}
