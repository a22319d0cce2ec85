import { recordOf } from './inventory-table.js';
import type { Candidate } from './request.js';
import type { Snapshot } from './snapshot.js';

/** Usage on top of what a snapshot says: what some candidates would take if they were claimed together. */
export class Overlay {
  /** By record of the inventory table. */
  private readonly taken = new Map<number, number>();

  constructor(private readonly snapshot: Snapshot) {}

  /** What would be left of a class on a provider, as a real capacity has it; undefined if it has none. */
  leftOf(provider: number, resourceClass: number): { readonly capacity: number; readonly left: number } | undefined {
    const { inventory } = this.snapshot;
    const record = recordOf(inventory, provider, resourceClass);
    if (record < 0) return undefined;
    const units = (inventory.total[record] ?? 0) - (inventory.reserved[record] ?? 0);
    const capacity = units * (inventory.allocationRatio[record] ?? 1);
    return { capacity, left: capacity - (inventory.used[record] ?? 0) - (this.taken.get(record) ?? 0) };
  }

  /** How many times the candidate would fit on top, `most` at most. Each time its units are what the search checked. */
  roomFor({ allocations }: Candidate, most: number): number {
    let room = most;
    for (const { provider, resourceClass, amount } of allocations) {
      const { left } = this.leftOf(provider, resourceClass) ?? { left: 0 };
      room = Math.min(room, Math.floor(left / amount));
    }
    return Math.max(0, room);
  }

  /** Takes the candidate so many times; a negative number gives it back. */
  take({ allocations }: Candidate, times: number): void {
    for (const { provider, resourceClass, amount } of allocations) {
      const record = recordOf(this.snapshot.inventory, provider, resourceClass);
      this.taken.set(record, (this.taken.get(record) ?? 0) + amount * times);
    }
  }
}
