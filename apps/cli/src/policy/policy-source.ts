import { makePolicy, namesPolicyFile, POLICY_DEFAULTS, type Policy, type PolicyDefaults } from '#berth/domain';
import { readPolicyFile } from '#berth/placement';
import { Refusal } from '../refusal.js';

/** Which policy a command looks at. */
export interface PolicyOptions {
  readonly file?: string;
  readonly defaults?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The policy that the options name, else the one that the service would have with this environment. Throws a `Refusal`, or a
 * `PolicyFileError` if a file can't be used.
 */
export function policyOf({ file, defaults }: PolicyOptions, env: Environment): Policy {
  const setting = env.BERTH_POLICY || 'secure';
  const path = file ?? (defaults === undefined && namesPolicyFile(setting) ? setting : undefined);
  if (path !== undefined) return readPolicyFile(path, defaultsOf(defaults ?? (env.BERTH_POLICY_DEFAULTS || 'secure')));
  const made = makePolicy(defaultsOf(defaults ?? setting));
  if (made.status === 'made') return made.policy;
  throw new Refusal(made.problems.map(({ rule, text }) => `${rule}: ${text}`).join('; '));
}

function defaultsOf(name: string): PolicyDefaults {
  const known = POLICY_DEFAULTS.find((one) => one === name);
  if (known === undefined) throw new Refusal(`the policy '${name}', expected secure, legacy, open, or a policy file`);
  return known;
}
