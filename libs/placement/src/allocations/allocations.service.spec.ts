import { describe, expect, it } from '@jest/globals';
import { buildSnapshot, type Snapshot } from '#berth/candidates';
import { toGeneration } from '#berth/domain';
import type { AllocationStore, ProviderAllocations, Transactions } from '#berth/store';
import type { Claims } from '../claims.js';
import type { SnapshotKeeper } from '../snapshot-keeper.js';
import { AllocationsService } from './allocations.service.js';

const UUID = 'host';

function snapshotOf(generation: number): Snapshot {
  const provider = {
    id: 1,
    uuid: UUID,
    name: UUID,
    generation: toGeneration(generation),
    parentId: null,
    rootId: 1,
    changedAtMs: 0,
  };
  const none = { inventories: [], providerTraits: [], providerAggregates: [], traits: [], resourceClasses: [] };
  return buildSnapshot({ providers: [provider], ...none });
}

/** A database whose readings are answered when the test says so, with what was true when they were sent. */
class World {
  snapshot = snapshotOf(0);
  generation = 0;
  readings = 0;
  /** What was committed and not yet looked for. */
  private readonly waiting: (() => void)[] = [];
  held = false;

  commit(): void {
    this.generation += 1;
  }

  look(): Promise<Snapshot> {
    if (this.snapshot.layout.providers[0]?.generation !== toGeneration(this.generation)) {
      this.snapshot = snapshotOf(this.generation);
    }
    return Promise.resolve(this.snapshot);
  }

  async read(): Promise<ProviderAllocations[]> {
    this.readings += 1;
    const { generation } = this;
    if (this.held) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return [{ generation: toGeneration(generation), length: 1 } as ProviderAllocations];
  }

  async sent(): Promise<void> {
    while (this.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  answer(): void {
    this.held = false;
    this.waiting.splice(0).forEach((resolve) => resolve());
  }

  service(): AllocationsService {
    return new AllocationsService(
      { single: (_: string, work: (tx: object) => unknown) => work({}) } as unknown as Transactions,
      { listByProviders: () => this.read() } as unknown as AllocationStore,
      {} as Claims,
      { last: () => this.snapshot, current: () => this.look() } as unknown as SnapshotKeeper,
    );
  }
}

describe('what is held of a provider', () => {
  it('is read once as long as the provider does not change', async () => {
    const world = new World();
    const service = world.service();
    for (let times = 0; times < 3; times += 1) expect((await service.listByProvider(UUID)).generation).toBe(0);
    expect(world.readings).toBe(1);
    world.commit();
    for (let times = 0; times < 3; times += 1) expect((await service.listByProvider(UUID)).generation).toBe(1);
    expect(world.readings).toBe(2);
  });

  it('is not remembered as the state of a change that came while it was read (docs/adr/0012)', async () => {
    const world = new World();
    const service = world.service();
    world.held = true;
    const early = service.listByProvider(UUID);
    await world.sent();
    world.commit();
    await world.look();
    world.answer();
    expect((await early).generation).toBe(0);
    expect((await service.listByProvider(UUID)).generation).toBe(1);
  });
});
