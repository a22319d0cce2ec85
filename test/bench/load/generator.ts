import { strict as assert } from 'node:assert';
import { makeWorld, removals, removeAll } from '../world/seed.js';
import { consumerUuid, randomFrom } from '../world/random.js';
import { buildWorld } from '../world/build-world.js';
import type { World } from '../world/world.js';
import { workloadOf } from '../workload/workloads.js';
import type { Step } from '../workload/workload.js';
import { HttpConnection, type Address } from './http-connection.js';
import type { Facts, Order, Part, Report } from './orders.js';
import { runSlice } from './slice.js';

/**
 * The process that sends the requests: its own, so that what it costs is not counted to anybody else. It does what it is
 * told over the channel to its parent, and ends with it.
 */
class Generator {
  private readonly connections: HttpConnection[] = [];
  private readonly aside: HttpConnection;
  private step: Step | undefined;
  private lanes = 0;
  private lot = 0;
  private readonly consumers: string[] = [];

  constructor(
    private readonly address: Address,
    private readonly world: World,
    private readonly part: Part,
  ) {
    this.aside = new HttpConnection(address);
  }

  async obey(order: Exclude<Order, { kind: 'world' }>): Promise<Report> {
    switch (order.kind) {
      case 'seed': {
        const connections = this.opened(order.connections);
        return { kind: 'result', result: await makeWorld(connections, this.world, this.part, progress) };
      }
      case 'prepare':
        this.lanes = order.concurrency;
        // Without a lane there is nothing to do; preparing would only disturb the others.
        this.step = order.concurrency === 0 ? undefined : await this.prepare(order.workload, order.facts);
        return { kind: 'ready' };
      case 'go': {
        const step = this.step ?? (() => Promise.reject(new Error('nothing was prepared')));
        return { kind: 'result', result: await runSlice(this.opened(this.lanes), step, order) };
      }
      case 'remove':
        await removeAll(this.opened(order.connections), removals(order.what, this.world, this.part, this.consumers));
        return { kind: 'ready' };
    }
  }

  close(): void {
    for (const connection of [...this.connections, this.aside]) connection.close();
  }

  /** Connections stay open from slice to slice, as those of a client do. */
  private opened(count: number): HttpConnection[] {
    while (this.connections.length < count) this.connections.push(new HttpConnection(this.address));
    return this.connections.slice(0, count);
  }

  private prepare(workload: string, facts: Facts): Step | Promise<Step> {
    const { part, world, aside } = this;
    // Each generator of each slice has consumers of its own.
    const lot = this.lot * part.of + part.index;
    this.lot += 1;
    let count = 0;
    return workloadOf(workload).prepare({
      world,
      part,
      facts,
      aside,
      random: randomFrom(world.plan.seed + lot),
      minor: this.address.minor,
      newConsumer: (kept) => {
        const consumer = consumerUuid(world.plan.tag, lot, count);
        count += 1;
        if (kept) this.consumers.push(consumer);
        return consumer;
      },
    });
  }
}

const say = (report: Report): void => void process.send?.(report);

function progress(done: number, total: number): void {
  say({ kind: 'progress', done, total });
}

let generator: Generator | undefined;

async function receive(order: Order): Promise<Report> {
  if (order.kind !== 'world') {
    assert(generator, 'a world comes first');
    return await generator.obey(order);
  }
  generator?.close();
  generator = new Generator(order.address, buildWorld(order.plan), order.part);
  return { kind: 'ready' };
}

process.on('message', (order: Order) => {
  receive(order).then(say, (error: unknown) => say({ kind: 'failed', message: String(error) }));
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches all processes of a terminal; the parent ends this one when it has cleaned up.
process.on('SIGINT', () => undefined);
