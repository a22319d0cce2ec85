import type { Policy, PolicyTarget } from '#berth/domain';
import type { Identity } from './identity.js';

/** Why a request is refused; undefined: it isn't. The text is the message of the 403. */
export type Verdict = string | undefined;

/**
 * Judges a request by a rule of the policy. Scope comes before roles, whatever a policy file says. Without a target of its own
 * a request is about the caller's project and user. Source: spec http.md §2.1.
 */
export function judge(policy: Policy, rule: string, identity: Identity, target?: PolicyTarget): Verdict {
  if (identity.scope !== 'project') return rule;
  const about = target ?? { project_id: identity.project, user_id: identity.user };
  return policy.allows(rule, identity, about) ? undefined : `Policy does not allow ${rule} to be performed.`;
}
