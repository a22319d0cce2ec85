import type { SupplyName } from '#berth/domain';

/** Ids per provider up to which a plain array finds them: serial numbers are dense, at worst thinned out by removals. */
const THINNEST = 16;
/** Ids that are worth an array whatever their number: a quarter of a megabyte. */
const SMALL_ID = 65_536;

/** So many outside of the array are worth another one. */
const MANY_SPARSE = 1024;
/** A few are found by a map: an array of what may be high numbers would be all air. */
const FEW = 64;

/** Finds the index of an internal id: ids are serial numbers, so an array does what a map of 100,000 would cost 10 ms to build for. */
export class IdIndex {
  private dense: Int32Array;
  private readonly sparse = new Map<number, number>();

  /** `ids` tells how many there will be and how high; none of them is entered. */
  constructor(ids: readonly { readonly id: number }[]) {
    let highest = 0;
    for (const { id } of ids) if (id > highest) highest = id;
    // Some air above the highest: what comes next comes there.
    const isDense = highest < THINNEST * ids.length + (ids.length > FEW ? SMALL_ID : 0);
    const length = isDense ? highest + 1 + (highest >> 3) : 0;
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
    if (id >= 0 && id < this.dense.length) {
      this.dense[id] = index;
      return;
    }
    this.sparse.set(id, index);
    if (this.sparse.size > MANY_SPARSE && id < THINNEST * (this.sparse.size + this.dense.length / THINNEST))
      this.widen(id);
  }

  /** One of its own, with the same in it. */
  copy(): IdIndex {
    const copy = new IdIndex([]);
    copy.dense = this.dense.slice();
    for (const [id, index] of this.sparse) copy.sparse.set(id, index);
    return copy;
  }

  /** What grew from little to much gets an array after all. */
  private widen(highest: number): void {
    const wider = new Int32Array(highest + 1 + (highest >> 3)).fill(-1);
    wider.set(this.dense);
    this.dense = wider;
    for (const [id, index] of this.sparse) {
      if (id >= wider.length) continue;
      wider[id] = index;
      this.sparse.delete(id);
    }
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
