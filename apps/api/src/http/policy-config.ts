import { namesPolicyFile, POLICY_DEFAULTS, type PolicyDefaults } from '#berth/domain';
import { choice, ConfigError, type Environment } from '../environment.js';

/** Which policy holds. */
export interface PolicyConfig {
  readonly defaults: PolicyDefaults;
  /** Rules that hold instead of the defaults'; undefined: none. */
  readonly file: string | undefined;
}

/** `BERTH_POLICY`, and `BERTH_POLICY_DEFAULTS` beside a file. Throws ConfigError; the file itself is not read yet. */
export function readPolicyConfig(env: Environment): PolicyConfig {
  const setting = env.BERTH_POLICY ?? '';
  if (namesPolicyFile(setting)) {
    return { defaults: choice(env, 'BERTH_POLICY_DEFAULTS', ['secure', 'legacy'], 'secure'), file: setting };
  }
  if (env.BERTH_POLICY_DEFAULTS !== undefined && env.BERTH_POLICY_DEFAULTS !== '') {
    throw new ConfigError('BERTH_POLICY_DEFAULTS: expected nothing unless BERTH_POLICY is the path of a policy file');
  }
  const known = POLICY_DEFAULTS.find((one) => one === (setting || 'secure'));
  if (known !== undefined) return { defaults: known, file: undefined };
  throw new ConfigError(
    `BERTH_POLICY: '${setting}', expected secure, legacy, open, or the path of a policy file (it has a / in it, or ends .yaml, .yml or .json)`,
  );
}
