import { KNOWN_RULES, type Policy } from '#berth/domain';
import { PolicyFileError } from '#berth/placement';
import type { Command } from 'commander';
import { checkRules, decisionsTable, toTarget, type Decision } from './policy/check-policy.js';
import { rulesTable, toListed } from './policy/list-policy.js';
import { policyOf, type PolicyOptions } from './policy/policy-source.js';
import { Refusal } from './refusal.js';

interface ListOptions extends PolicyOptions {
  readonly json?: true;
}

interface CheckOptions extends ListOptions {
  readonly rule?: string;
  readonly roles?: string;
  readonly user?: string;
  readonly project?: string;
  readonly target?: readonly string[];
}

/** What a script can tell apart. Source: docs/policy.md. */
const EXIT = { fine: 0, broken: 1, denied: 1, brokenWhenAsked: 2 } as const;

/** `berth policy list` and `berth policy check`: what holds, and for whom. They need no database. */
export function addPolicyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .description('look into a policy file, or the policy that BERTH_POLICY names');
  withSource(
    policy.command('list').description('every rule: its text, where it comes from, which requests it decides about'),
  )
    .option('--json', 'as JSON')
    .action((options: ListOptions) => list(options));
  withSource(policy.command('check').description('whether a file is sound, and what it allows a caller'))
    .option('--rule <name>', 'this rule alone; the exit code tells: 0 allowed, 1 denied, 2 the file is broken')
    .option('--roles <names>', 'the roles of the caller, between commas')
    .option('--user <id>', 'the user id of the caller')
    .option('--project <id>', 'the project id of the caller')
    .option('--target <key=value...>', 'what is asked for; of the rules, placement:usages alone looks at project_id')
    .option('--json', 'as JSON')
    .action((options: CheckOptions) => check(options));
}

function withSource(command: Command): Command {
  return command
    .option('--file <path>', 'the policy file; without it, what BERTH_POLICY says')
    .option('--defaults <name>', 'secure or legacy: the rules that a file leaves alone');
}

function list(options: ListOptions): void {
  const { rules } = policyOf(options, process.env);
  write(options.json ? JSON.stringify(rules.map(toListed), undefined, 2) : rulesTable(rules));
}

function check(options: CheckOptions): void {
  const { rule } = options;
  let policy: Policy;
  let decisions: Decision[];
  try {
    policy = policyOf(options, process.env);
    decisions = decide(policy, options);
  } catch (error) {
    if (!(error instanceof PolicyFileError) && !(error instanceof Refusal)) throw error;
    const lines = error instanceof PolicyFileError ? error.problems : [error.message];
    for (const line of lines) process.stderr.write(`Berth: ${line}\n`);
    process.exitCode = rule === undefined ? EXIT.broken : EXIT.brokenWhenAsked;
    return;
  }
  for (const { line, rule: name, text } of policy.warnings) {
    process.stderr.write(`Berth: warning: line ${line}: rule '${name}': ${text}\n`);
  }
  write(options.json ? JSON.stringify(decisions, undefined, 2) : decisionsTable(decisions));
  const isDenied = rule !== undefined && decisions.some(({ allowed }) => !allowed);
  process.exitCode = isDenied ? EXIT.denied : EXIT.fine;
}

function decide(policy: Policy, { rule, roles = '', user = '', project, target = [] }: CheckOptions): Decision[] {
  const names = roles.split(',').map((role) => role.trim().toLowerCase());
  const caller = { user, project, roles: new Set(names.filter((role) => role !== '')) };
  return checkRules(
    policy,
    caller,
    toTarget(target),
    rule,
    KNOWN_RULES.map(({ name }) => name),
  );
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
