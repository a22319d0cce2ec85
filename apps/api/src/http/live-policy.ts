import { makePolicy, type Policy } from '#berth/domain';
import { PolicyFileError, readPolicyFile } from '#berth/placement';
import { ConfigError } from '../environment.js';
import { log } from './log.js';
import type { PolicyConfig } from './policy-config.js';

/** The policy that holds at the moment. It is always a whole one: a file that is broken changes nothing. */
export class LivePolicy {
  private held: Policy;

  /** Throws ConfigError if the file can't be used. */
  constructor(private readonly config: PolicyConfig) {
    try {
      this.held = load(config);
    } catch (error) {
      throw error instanceof PolicyFileError ? new ConfigError(`BERTH_POLICY: ${error.message}`) : error;
    }
    this.warn();
  }

  get current(): Policy {
    return this.held;
  }

  /** Reads the file again. Throws if it can't be used, and then what held before still does. */
  reload(): void {
    if (this.config.file === undefined) return;
    this.held = load(this.config);
    log.info({ file: this.config.file }, 'the policy was read again');
    this.warn();
  }

  private warn(): void {
    for (const { line, rule, text } of this.held.warnings) {
      log.warn({ file: this.config.file, line }, `policy: rule '${rule}': ${text}`);
    }
  }
}

function load({ defaults, file }: PolicyConfig): Policy {
  if (file !== undefined) return readPolicyFile(file, defaults);
  const made = makePolicy(defaults);
  if (made.status === 'made') return made.policy;
  throw new Error(`the defaults '${defaults}' are broken: ${made.problems.map(({ text }) => text).join('; ')}`);
}
