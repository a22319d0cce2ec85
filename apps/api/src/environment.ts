/** What a process is configured by. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that the service can't start with; the message is one line for whoever set it. */
export class ConfigError extends Error {}

/** A variable that has to be set. Throws ConfigError. */
export function required(env: Environment, name: string, expected: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new ConfigError(`${name}: missing, expected ${expected}`);
  return value;
}

/** `true` or `false`; absent means false. Throws ConfigError. */
export function flag(env: Environment, name: string): boolean {
  return choice(env, name, ['true', 'false'], 'false') === 'true';
}

/** One of `choices`; absent means `fallback`. Throws ConfigError. */
export function choice<T extends string>(env: Environment, name: string, choices: readonly T[], fallback: T): T {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  const found = choices.find((one) => one === value);
  if (found === undefined) throw new ConfigError(`${name}: '${value}', expected ${choices.join(' or ')}`);
  return found;
}

/** An integer from `least` to `most`; absent means `fallback`. Throws ConfigError. */
export function integer(env: Environment, name: string, fallback: number, least: number, most: number): number {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  const parsed = Number(value);
  if (!/^\d+$/.test(value) || parsed < least || parsed > most) {
    throw new ConfigError(`${name}: '${value}', expected an integer from ${least} to ${most}`);
  }
  return parsed;
}

/** What stands between commas; undefined: absent. */
export function list(value: string | undefined): string[] | undefined {
  if (value === undefined || value === '') return undefined;
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
