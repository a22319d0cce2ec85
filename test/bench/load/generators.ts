import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorldPlan } from '../world/world.js';
import type { Address } from './http-connection.js';
import { REMOVALS, type Order, type Report, type SliceResult } from './orders.js';

export type OnProgress = (done: number, total: number) => void;

const SCRIPT = fileURLToPath(new URL('generator.js', import.meta.url));

/** The processes that send requests to one server. */
export class Generators {
  private readonly children: ChildProcess[];

  constructor(count: number) {
    this.children = Array.from({ length: count }, () => fork(SCRIPT, [], { serialization: 'advanced' }));
  }

  /** Tells them whom to ask, and of which world. */
  async enter(address: Address, plan: WorldPlan): Promise<void> {
    await this.tellAll((index, of) => ({ kind: 'world', address, plan, part: { index, of } }));
  }

  /** Makes the world over HTTP. Throws at the first request that fails. */
  async seed(connections: number, onProgress: OnProgress): Promise<SliceResult[]> {
    const reports = await this.tellAll(
      (index, of) => ({ kind: 'seed', connections: share(connections, index, of) }),
      onProgress,
    );
    return reports.flatMap((report) => (report.kind === 'result' ? [report.result] : []));
  }

  /** Brings a workload to the point where `go` measures nothing but its steps. */
  async prepare(workload: string, concurrency: number, storedConsumers: number): Promise<void> {
    await this.tellAll((index, of) => ({
      kind: 'prepare',
      workload,
      concurrency: share(concurrency, index, of),
      facts: { storedConsumers },
    }));
  }

  async go(seconds: number, maxSteps: number): Promise<SliceResult[]> {
    const reports = await this.tellAll((_, of) => ({ kind: 'go', seconds, maxSteps: Math.ceil(maxSteps / of) }));
    return reports.flatMap((report) => (report.kind === 'result' ? [report.result] : []));
  }

  /** Takes back what the run has put into the server, as far as the server lets it go. */
  async remove(connections: number): Promise<void> {
    for (const what of REMOVALS) {
      await this.tellAll((index, of) => ({ kind: 'remove', what, connections: share(connections, index, of) }));
    }
  }

  async stop(): Promise<void> {
    const living = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = living.map((child) => once(child, 'exit'));
    for (const child of living) child.disconnect();
    await Promise.all(ended);
  }

  private async tellAll(order: (index: number, of: number) => Order, onProgress?: OnProgress): Promise<Report[]> {
    const shares = this.children.map(() => ({ done: 0, total: 0 }));
    return await Promise.all(
      this.children.map((child, index) =>
        tell(child, order(index, this.children.length), (done, total) => {
          shares[index] = { done, total };
          onProgress?.(sum(shares, 'done'), sum(shares, 'total'));
        }),
      ),
    );
  }
}

function tell(child: ChildProcess, order: Order, onProgress: OnProgress): Promise<Report> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      child.off('message', receive);
      child.off('exit', die);
    };
    const die = (): void => {
      finish();
      reject(new Error('a generator ended'));
    };
    const receive = (report: Report): void => {
      if (report.kind === 'progress') return onProgress(report.done, report.total);
      finish();
      if (report.kind === 'failed') reject(new Error(report.message));
      else resolve(report);
    };
    child.on('message', receive);
    child.on('exit', die);
    child.send(order, (error) => {
      if (error) die();
    });
  });
}

/** The part of a number that the one of this index takes; the first ones take what does not divide. */
export function share(total: number, index: number, of: number): number {
  return Math.floor(total / of) + (index < total % of ? 1 : 0);
}

function sum(shares: readonly { done: number; total: number }[], key: 'done' | 'total'): number {
  return shares.reduce((total, each) => total + each[key], 0);
}
