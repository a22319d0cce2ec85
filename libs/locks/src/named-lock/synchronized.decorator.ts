import type { NamedLockOptions, NamedLocks } from './named-locks.js';

/** What has methods that are synchronized: it says which locks it means. */
export interface HasNamedLocks {
  readonly namedLocks: NamedLocks;
}

type Method<Args extends unknown[], Result> = (...args: Args) => Promise<Result>;

/**
 * The method runs under the lock that `template` names, `{0}` standing for its first argument: `@Synchronized('resource-{0}')`.
 * Where it has several, they stand there as JSON, so that `("a-b", "c")` and `("a", "b-c")` are two locks. Throws, beside
 * what `NamedLocks.synchronized` throws, a TypeError for an argument that is no text and no number.
 */
export function Synchronized(template: string, options: NamedLockOptions = {}) {
  return <Args extends unknown[], Result>(
    _target: HasNamedLocks,
    _method: string | symbol,
    descriptor: TypedPropertyDescriptor<Method<Args, Result>>,
  ): void => {
    const { value: work } = descriptor;
    if (work === undefined) throw new TypeError('only a method can be synchronized');
    descriptor.value = async function (this: HasNamedLocks, ...args: Args): Promise<Result> {
      return await this.namedLocks.synchronized(named(template, args), options, () => work.apply(this, args));
    } as Method<Args, Result>;
  };
}

const PLACE = /\{(\d+)\}/g;

function named(template: string, args: readonly unknown[]): string {
  const several = (template.match(PLACE) ?? []).length > 1;
  return template.replaceAll(PLACE, (_, index: string) => {
    const value = args[Number(index)];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
      throw new TypeError(`${template}: argument ${index} is ${typeof value}; expected text or a number`);
    }
    return several && typeof value === 'string' ? JSON.stringify(value) : `${value}`;
  });
}
