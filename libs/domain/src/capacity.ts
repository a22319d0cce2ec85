/** The part of an inventory record that decides what may be allocated. */
export interface CapacityRule {
  readonly total: number;
  readonly reserved: number;
  readonly minUnit: number;
  readonly maxUnit: number;
  readonly stepSize: number;
  readonly allocationRatio: number;
}

/** Capacity as a real number, the bound that a claim is held against. Source: spec allocations.md §6. */
export function realCapacity(rule: CapacityRule): number {
  return (rule.total - rule.reserved) * rule.allocationRatio;
}

/** Capacity as shown to clients and as bound of summed candidates: truncated toward zero. Source: spec inventories.md §1. */
export function capacityOf(rule: CapacityRule): number {
  return Math.trunc(realCapacity(rule));
}

/** Whether one amount obeys min_unit, max_unit and step_size. Source: spec allocations.md §6, 2.2. */
export function obeysUnits(rule: CapacityRule, amount: number): boolean {
  return amount >= rule.minUnit && amount <= rule.maxUnit && amount % rule.stepSize === 0;
}

/** Whether `amount` more would fit beside what is used. Source: spec allocation_candidates.md §4, `fits`. */
export function fits(rule: CapacityRule, used: number, amount: number): boolean {
  return obeysUnits(rule, amount) && used + amount <= realCapacity(rule);
}
