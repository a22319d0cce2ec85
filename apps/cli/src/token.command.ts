import { createHash, randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { stringify } from 'yaml';

/** As hard to guess as its digest: more would be no better. */
const TOKEN_BYTES = 32;

/** By which a token that got into a repository or a log can be found, and told from others. */
const PREFIX = 'berth_';

interface NewTokenOptions {
  readonly user: string;
  readonly project?: string;
  readonly roles: readonly string[];
  readonly json?: true;
}

/** An entry of the file that BERTH_TOKENS_FILE names. */
export interface TokenEntry {
  readonly user: string;
  readonly project?: string;
  readonly roles: readonly string[];
  readonly sha256: string;
}

/** Makes a token, and the entry by which the service knows it; the token can't be made from the entry. */
export function newToken({ user, project, roles }: Omit<NewTokenOptions, 'json'>): {
  readonly token: string;
  readonly entry: TokenEntry;
} {
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  const sha256 = createHash('sha256').update(token).digest('hex');
  return { token, entry: { user, ...(project !== undefined && { project }), roles, sha256 } };
}

/** `berth token …`: tokens for BERTH_AUTH=token. */
export function addTokenCommand(program: Command): void {
  const tokens = program.command('token').description('tokens for a service with BERTH_AUTH=token');
  tokens
    .command('new')
    .description('make a token: printed once, kept nowhere')
    .requiredOption('--user <name>', 'whose it is', isText)
    .requiredOption(
      '--roles <names>',
      'what its owner may do, separated by commas: admin, service, reader, …',
      roleNames,
    )
    .option('--project <id>', 'the project that its owner works in', isText)
    .option('--json', 'print token and entry as JSON')
    .action((options: NewTokenOptions) => {
      process.stdout.write(print(options));
    });
}

function print(options: NewTokenOptions): string {
  const made = newToken(options);
  if (options.json) return `${JSON.stringify(made, null, 2)}\n`;
  // In quotes: a name or an id of digits would be a number otherwise.
  const entry = stringify([made.entry], { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
  return (
    `The token, which is shown only now:\n\n${made.token}\n\n` +
    `Its entry, for the list "tokens" of the file that BERTH_TOKENS_FILE names; then reload (SIGHUP):\n\n` +
    `${entry.replace(/^/gm, '  ').trimEnd()}\n`
  );
}

function isText(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.');
  return value;
}

function roleNames(value: string): string[] {
  const names = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('There is no name in it.');
  return names;
}
