import { InvalidQuery, type ProviderConditions } from '#berth/domain';

const FORM =
  'Badly formed resources parameter. Expected resources query string parameter in form: ' +
  '?resources=VCPU:2,MEMORY_MB:1024. Got: ';

/** Blanks around the number and a sign are welcome: a `+` arrives as a blank anyway. */
const INTEGER = /^\s*([+-]?[0-9]+)\s*$/;

/**
 * Reads `CLASS:AMOUNT[,CLASS:AMOUNT…]` (spec resource_providers.md §6, resources).
 *
 * Each class comes out once, at its first place and with its last amount. Amounts beyond 2^53 lose digits, which no
 * answer can show: no inventory unit reaches them. Class names are not looked up here.
 *
 * @throws Invalid at the first item that isn't well formed
 */
export function parseResources(value: string): ProviderConditions['resources'] {
  if (value.trim() === '') throw new InvalidQuery(`${FORM}empty string.`);
  const amounts = new Map<string, number>();
  for (const item of value.split(',')) {
    const [resourceClass, amount, ...rest] = item.split(':');
    if (resourceClass === undefined || amount === undefined || rest.length > 0)
      throw new InvalidQuery(`${FORM}${item}.`);
    amounts.set(resourceClass, parseAmount(resourceClass, amount));
  }
  return [...amounts].map(([resourceClass, amount]) => ({ resourceClass, amount }));
}

function parseAmount(resourceClass: string, text: string): number {
  const digits = INTEGER.exec(text)?.[1];
  if (digits === undefined) {
    throw new InvalidQuery(`Requested resource ${resourceClass} expected positive integer amount. Got: ${text}.`);
  }
  const amount = Number(digits);
  if (amount < 1) {
    // The number is shown, not the text: `-0` reads 0. BigInt keeps digits that a double would lose.
    const shown = BigInt(digits.replace('+', ''));
    throw new InvalidQuery(`Requested resource ${resourceClass} requires amount >= 1. Got: ${shown}.`);
  }
  return amount;
}
