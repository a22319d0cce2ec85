import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './usage.sql.js';

/** Whose usage is asked for. */
export interface UsageOwner {
  readonly projectId: string;
  readonly userId: string | undefined;
}

export interface UsageTotal {
  readonly resourceClass: string;
  readonly used: number;
}

/** What the consumers of one type use together; null: those without a type. */
export interface TypedUsage {
  readonly consumerType: string | null;
  readonly consumerCount: number;
  readonly totals: readonly UsageTotal[];
}

@Injectable()
export class UsageStore {
  /** What each owner's consumers use together, in the order of the owners, by class id; only classes in use. */
  async totals(tx: Tx, owners: readonly UsageOwner[]): Promise<UsageTotal[][]> {
    const { rows } = await run(tx, sql.totals, valuesOf(owners));
    const answers = owners.map((): UsageTotal[] => []);
    for (const { at, resource_class, used } of rows) answers[at - 1]?.push({ resourceClass: resource_class, used });
    return answers;
  }

  /** The same by consumer type, in order of their ids, those without one last; only types in use. One state for all. */
  async typedTotals(tx: Tx, owners: readonly UsageOwner[]): Promise<TypedUsage[][]> {
    const { rows } = await run(tx, sql.typedTotals, valuesOf(owners));
    const answers = owners.map((): TypedUsage[] => []);
    let totals: UsageTotal[] = [];
    for (const { at, consumer_type, resource_class, used, consumers } of rows) {
      if (resource_class !== null) {
        totals.push({ resourceClass: resource_class, used });
      } else {
        answers[at - 1]?.push({ consumerType: consumer_type, consumerCount: consumers, totals });
        totals = [];
      }
    }
    return answers;
  }
}

function valuesOf(owners: readonly UsageOwner[]): unknown[] {
  return [owners.map(({ projectId }) => projectId), owners.map(({ userId }) => userId ?? null)];
}
