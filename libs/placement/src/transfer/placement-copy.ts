import type { CopiedHold, CopiedProvider, CopyStore, Transactions, TransferStore, TransferTotals } from '#berth/store';
import { boundedly, type PlacementSource, type SourceHeld, type SourceProvider } from './placement-source.js';
import type { TransferProgress } from './transfer-progress.js';
import type { TransferTarget } from './transfer-target.js';

/** Providers whose own side is written with one transaction, and what is held of them read together. */
const CHUNK = 64;

/** Consumers a transaction; a storage pool that all share may have a hundred thousand. */
const CONSUMERS = 500;

export interface CopyOptions {
  readonly resume: boolean;
  readonly concurrency: number;
  /** How often the source is looked at again, until nothing has changed meanwhile. */
  readonly passes: number;
  readonly progress: TransferProgress;
}

export interface Copied {
  readonly totals: TransferTotals;
  readonly passes: number;
  /** Providers that were still changing at the end, in words; empty: all is as at the source. */
  readonly moving: readonly string[];
}

/**
 * Copies a Placement that goes on serving. What was copied of a provider is noted with the generation that the source had: what has
 * another one by now is read again, in this pass or the next, or after an end of the process. Generations stay those of the source.
 */
export class PlacementCopy {
  constructor(
    private readonly transactions: Transactions,
    private readonly transfers: TransferStore,
    private readonly copies: CopyStore,
    private readonly target: TransferTarget,
    private readonly source: PlacementSource,
  ) {}

  /**
   * Copies until a pass finds nothing changed, or `passes` are over: then the import stays unfinished and `moving` says what moved.
   * Throws Conflict if the database is in use, Unavailable if the source is gone, Invalid if it says what can't be.
   */
  async run(options: CopyOptions): Promise<Copied> {
    const wanted = { kind: 'placement', source: this.source.name } as const;
    await this.target.open(wanted, options.resume, () => Promise.resolve());
    let moving: readonly string[] = [];
    for (let pass = 1; pass <= options.passes; pass += 1) {
      const providers = await this.places();
      await this.supplies(providers, options);
      await this.holdings(providers, options);
      moving = await this.findMoving(options);
      if (moving.length > 0) continue;
      let totals: TransferTotals | undefined;
      await this.target.finish(async (tx) => {
        totals = await this.transfers.totals(tx);
        return [];
      });
      return { totals: totals ?? (await this.totals()), passes: pass, moving: [] };
    }
    return { totals: await this.totals(), passes: options.passes, moving };
  }

  /** Names, and providers with their places in trees; those that are gone at the source go here. */
  private async places(): Promise<readonly SourceProvider[]> {
    const [traits, classes] = [await this.source.traits(), await this.source.resourceClasses()];
    const providers = await this.source.providers();
    await this.transactions.run('copy.places', async (tx) => {
      await this.transfers.takeTime(tx);
      await this.copies.addNames(tx, traits, classes);
      const here = new Map((await this.copies.list(tx)).map((provider) => [provider.uuid, provider]));
      const there = new Set(providers.map(({ uuid }) => uuid));
      const added = providers.filter(({ uuid }) => !here.has(uuid));
      const moved = providers.filter((one) => isMoved(one, here.get(one.uuid)));
      const gone = [...here.keys()].filter((uuid) => !there.has(uuid));
      await this.copies.place(tx, added, moved, gone);
      if (gone.length > 0) await this.copies.remove(tx, gone);
      await this.copies.dropNames(tx, traits, classes);
      await this.transfers.markNames(tx);
    });
    return providers;
  }

  /** What providers have by themselves. */
  private async supplies(providers: readonly SourceProvider[], options: CopyOptions): Promise<void> {
    const here = await this.here();
    const changed = providers.filter(({ uuid, generation }) => here.get(uuid)?.supply !== generation);
    await this.inChunks('providers', changed, options, async (chunk) => {
      const read = await boundedly(chunk, options.concurrency, ({ uuid }) => this.source.supply(uuid));
      const supplies = read.filter((one) => one !== undefined && one !== 'moved');
      await this.transactions.runByKey('copy.supply', async (tx) => {
        const traits = supplies.flatMap((one) => one.traits);
        const classes = supplies.flatMap((one) => one.inventories.map((inventory) => inventory.class));
        await this.copies.addNames(tx, [...new Set(traits)], [...new Set(classes)]);
        await this.copies.putSupply(tx, supplies);
      });
    });
  }

  /** What is held of providers. A consumer is read whole the first time one of its providers is. */
  private async holdings(providers: readonly SourceProvider[], options: CopyOptions): Promise<void> {
    const here = await this.here();
    const changed = providers.filter(({ uuid, generation }) => here.get(uuid)?.demand !== generation);
    await this.inChunks('what is held of them', changed, options, async (chunk) => {
      const read = await boundedly(chunk, options.concurrency, ({ uuid }) => this.source.held(uuid));
      const held = chunk.flatMap(({ uuid }, at) => {
        const one = read[at];
        return one === undefined ? [] : [{ uuid, ...one }];
      });
      const uuids = held.map(({ uuid }) => uuid);
      const holds = await this.transactions.single('copy.listHeld', (tx) => this.copies.listHeld(tx, uuids));
      const strange = differing(held, holds);
      const written = await this.consumers([...strange], options);
      const complete = held.filter(({ consumers }) =>
        [...consumers.keys()].every((one) => !strange.has(one) || written.has(one)),
      );
      await this.transactions.runByKey('copy.markDemand', (tx) => this.copies.markDemand(tx, complete));
    });
  }

  /** Copies consumers, and answers those of them that are as at the source now. */
  private async consumers(uuids: readonly string[], { concurrency }: CopyOptions): Promise<ReadonlySet<string>> {
    const written = new Set<string>();
    for (let from = 0; from < uuids.length; from += CONSUMERS) {
      const some = uuids.slice(from, from + CONSUMERS);
      const read = await boundedly(some, concurrency, (uuid) => this.source.consumer(uuid));
      const consumers = read.filter((one) => one !== undefined);
      await this.transactions.runByKey('copy.consumers', async (tx) => {
        const missing = await this.copies.listMissing(tx, consumers);
        // Their providers came up since they were listed: the next pass has both.
        const fitting = consumers.filter(({ allocations }) =>
          allocations.every((hold) => !missing.has(`${hold.provider} ${hold.class}`)),
        );
        const present = new Set(fitting.map(({ uuid }) => uuid));
        await this.copies.dropConsumers(
          tx,
          some.filter((uuid) => !present.has(uuid)),
        );
        await this.copies.putConsumers(tx, fitting);
        for (const { uuid } of fitting) written.add(uuid);
      });
    }
    return written;
  }

  /**
   * What is not at the source as it is here. Generations tell of most changes; a removal of allocations need not raise one, and shows
   * in what is used.
   */
  private async findMoving(options: CopyOptions): Promise<string[]> {
    const here = await this.here();
    const moving: string[] = [];
    await this.inChunks('comparing', [...here.keys()], options, async (chunk) => {
      const there = await boundedly(chunk, options.concurrency, (uuid) => this.source.used(uuid));
      const used = await this.transactions.single('copy.usedBy', (tx) => this.copies.usedBy(tx, chunk));
      const other = chunk.filter((uuid, at) => !agree(there[at] ?? {}, used.get(uuid) ?? new Map()));
      if (other.length === 0) return;
      await this.transactions.runByKey('copy.unmarkDemand', (tx) => this.copies.unmarkDemand(tx, other));
      moving.push(...other.map((uuid) => `${uuid}: another amount is used`));
    });
    const providers = await this.source.providers();
    for (const one of providers) {
      const known = here.get(one.uuid);
      if (known === undefined) moving.push(`${one.uuid}: new`);
      else if (known.supply !== one.generation || known.demand !== one.generation) {
        moving.push(`${one.uuid}: now at generation ${one.generation}`);
      } else if (isMoved(one, known)) moving.push(`${one.uuid}: moved or renamed`);
    }
    const there = new Set(providers.map(({ uuid }) => uuid));
    return [...moving, ...[...here.keys()].filter((uuid) => !there.has(uuid)).map((uuid) => `${uuid}: gone`)];
  }

  private async here(): Promise<ReadonlyMap<string, CopiedProvider>> {
    const rows = await this.transactions.single('copy.list', (tx) => this.copies.list(tx));
    return new Map(rows.map((row) => [row.uuid, row]));
  }

  private async totals(): Promise<TransferTotals> {
    return await this.transactions.read('copy.totals', (tx) => this.transfers.totals(tx));
  }

  private async inChunks<Item>(
    stage: string,
    items: readonly Item[],
    { progress }: CopyOptions,
    work: (chunk: readonly Item[]) => Promise<void>,
  ): Promise<void> {
    progress.begin(stage, items.length);
    for (let from = 0; from < items.length; from += CHUNK) {
      const chunk = items.slice(from, from + CHUNK);
      await work(chunk);
      progress.reach(from + chunk.length);
    }
    progress.end();
  }
}

/** Consumers that hold something else of the providers here than there, or are of another generation. */
function differing(
  held: readonly (SourceHeld & { readonly uuid: string })[],
  holds: readonly CopiedHold[],
): Set<string> {
  const there = new Map<string, string>();
  for (const { uuid, consumers } of held) {
    for (const [consumer, { generation, used }] of consumers) {
      for (const [name, amount] of Object.entries(used))
        there.set(`${consumer} ${uuid} ${name}`, `${amount} ${generation}`);
    }
  }
  const here = new Map(
    holds.map((hold) => [
      `${hold.consumer} ${hold.provider} ${hold.resource_class}`,
      `${hold.used} ${hold.generation}`,
    ]),
  );
  const keys = [...new Set([...there.keys(), ...here.keys()])].filter((key) => there.get(key) !== here.get(key));
  return new Set(keys.map((key) => key.slice(0, key.indexOf(' '))));
}

function isMoved(there: SourceProvider, here: CopiedProvider | undefined): boolean {
  if (here === undefined) return false;
  return here.name !== there.name || here.parent !== there.parent || here.root !== there.root;
}

function agree(there: Readonly<Record<string, number>>, here: ReadonlyMap<string, number>): boolean {
  const names = new Set([...Object.keys(there), ...here.keys()]);
  return [...names].every((name) => (there[name] ?? 0) === (here.get(name) ?? 0));
}
