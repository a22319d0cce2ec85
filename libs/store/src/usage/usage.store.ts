import { Injectable } from '@nestjs/common';
import { run, type Tx } from '../sql.js';
import * as sql from './usage.sql.js';

/** Whose usage is asked for. */
export interface UsageOwner {
  readonly projectId: string;
  readonly userId: string | undefined;
}

/** Which consumers count: all of them, those without a type, or those of one type. */
export type TypeChoice = { readonly kind: 'any' | 'untyped' } | { readonly kind: 'named'; readonly name: string };

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
  /** What the owner's consumers use together, by class id; only classes in use. */
  async totals(tx: Tx, { projectId, userId }: UsageOwner): Promise<UsageTotal[]> {
    const { rows } = await run(tx, sql.totals, [projectId, userId ?? null]);
    return rows.map(toTotal);
  }

  /** The same by consumer type; only types in use. Run it in a transaction that sees one state. */
  async typedTotals(tx: Tx, { projectId, userId }: UsageOwner, choice: TypeChoice): Promise<TypedUsage[]> {
    const values = [projectId, userId ?? null, choice.kind, choice.kind === 'named' ? choice.name : null];
    const { rows } = await run(tx, sql.typedTotals, values);
    const { rows: counts } = await run(tx, sql.consumerCounts, values);
    return counts.map(({ consumer_type, consumers }) => ({
      consumerType: consumer_type,
      consumerCount: consumers,
      totals: rows.filter((row) => row.consumer_type === consumer_type).map(toTotal),
    }));
  }
}

function toTotal({ resource_class, used }: sql.TotalRow): UsageTotal {
  return { resourceClass: resource_class, used };
}
