import type { SupplyName } from '#berth/domain';

/** Ids per provider up to which a plain array finds them: serial numbers are dense, at worst thinned out by removals. */
const THINNEST = 16;
/** Ids that are worth an array whatever their number: a quarter of a megabyte. */
const SMALL_ID = 65_536;

/** Finds the index of an internal id: ids are serial numbers, so an array does what a map of 100,000 would cost 10 ms to build for. */
export class IdIndex {
  private readonly dense: Int32Array;
  private readonly sparse = new Map<number, number>();

  /** `ids` tells how many there will be and how high; none of them is entered. */
  constructor(ids: readonly { readonly id: number }[]) {
    let highest = 0;
    for (const { id } of ids) if (id > highest) highest = id;
    // Some air above the highest: what comes next comes there.
    const length = highest < THINNEST * ids.length + SMALL_ID ? highest + 1 + (highest >> 3) : 0;
    this.dense = new Int32Array(length).fill(-1);
  }

  /** −1 if unknown. */
  get(id: number): number {
    return this.dense[id] ?? this.sparse.get(id) ?? -1;
  }

  /** All indexes by ascending id; undefined where no array holds them. */
  inOrder(): Int32Array | undefined {
    return this.sparse.size === 0 ? this.dense.filter((index) => index >= 0) : undefined;
  }

  set(id: number, index: number): void {
    if (id >= 0 && id < this.dense.length) this.dense[id] = index;
    else this.sparse.set(id, index);
  }
}

/** A copy in order of id. */
export function byId(names: readonly SupplyName[]): SupplyName[] {
  return [...names].sort((a, b) => a.id - b.id);
}

/** Positions in the list, by id. */
export function indexIds(list: readonly { readonly id: number }[]): IdIndex {
  const index = new IdIndex(list);
  list.forEach(({ id }, at) => index.set(id, at));
  return index;
}
