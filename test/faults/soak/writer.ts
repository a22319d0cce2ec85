import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.js';
import type { ServiceProcess } from '../../support/service-process.js';
import { send, type Call, type Outcome } from '../../support/send.js';
import { detailOf, reasonOf } from './log.js';
import type { Operation, Values } from './model.js';
import type { Scene } from './scene.js';
import { consumerKey } from './values.js';

/** No request waits without end: after so long an answer is overdue (docs/configuration.md): ms. */
export const ANSWER_LIMIT_MS = 60_000;
/** Who finds nobody there leaves the processor to those who start. */
const PAUSE_MS = 50;

export const STOCK = { 'openstack-api-version': 'placement 1.39' } as const;
export const OWNER = { project_id: 'p', user_id: 'u', consumer_type: 'INSTANCE' } as const;

/** What may stand in the way of a request that makes no mistake. */
const REFUSALS = new Set([
  'berth.capacity_exceeded',
  'berth.slot_taken',
  'berth.no_room',
  'berth.contended',
  'berth.fence_stale',
]);
const NO_ROOM = /would exceed the capacity/;
const NOT_KNOWN = /whether it took effect is not known/;
const NOTHING_DONE = /not available|nothing was written|Too many/;

export type Fate = 'done' | 'refused' | 'unknown';

/** One who writes, now through this service and now through that one, and tells the model what came of it. */
export abstract class Writer {
  constructor(
    protected readonly scene: Scene,
    protected readonly random: Random,
  ) {}

  async run(): Promise<void> {
    while (!this.scene.isOver()) {
      await this.scene.gate.through(() => (this.scene.isOver() ? Promise.resolve() : this.step()));
      await sleep(this.random.next() * this.scene.pauseMs);
    }
  }

  protected abstract step(): Promise<void>;

  protected pickService(): ServiceProcess {
    return this.random.pick(this.scene.services);
  }

  protected async ask(what: string, call: Omit<Call, 'limitMs'>): Promise<Outcome> {
    const outcome = await send(this.pickService().url, { ...call, limitMs: ANSWER_LIMIT_MS });
    this.scene.log.count(what, outcome);
    const lasted = (outcome.answeredAt ?? performance.now()) - outcome.invokedAt;
    if (lasted >= ANSWER_LIMIT_MS) this.scene.log.note('forgotten', `${what}: no answer after ${lasted} ms`);
    if (outcome.status === 500) this.scene.log.note('500', `${what}: ${JSON.stringify(outcome.body)}`);
    if (outcome.status <= 0) await sleep(PAUSE_MS);
    return outcome;
  }

  /** `races`: others may change what it was decided on. `chosen`: what the answer says of what was left to the service. */
  protected async write(
    operation: Operation,
    call: Omit<Call, 'limitMs'>,
    { races = false, chosen }: { races?: boolean; chosen?: (outcome: Outcome) => Values } = {},
  ): Promise<Fate> {
    const { model } = this.scene;
    model.begin(operation);
    const outcome = await this.ask(operation.what, call);
    const fate = this.judge(operation, outcome, races);
    if (fate === 'done') model.acknowledge(operation, chosen?.(outcome));
    else if (fate === 'refused') model.refuse(operation);
    else model.leaveUnknown(operation);
    return fate;
  }

  /** A new consumer of one provider. */
  protected async claimOf(provider: string, amount: number): Promise<{ consumer: string; fate: Fate }> {
    const consumer = randomUUID();
    const held = { [provider]: { resources: { VCPU: amount } } };
    const body = { ...OWNER, allocations: held, consumer_generation: null };
    const call = { method: 'PUT', path: `/allocations/${consumer}`, headers: STOCK, body };
    const fate = await this.write(this.scene.claiming('claim', [{ consumer, held, slots: [] }]), call);
    return { consumer, fate };
  }

  protected async remove(consumer: string): Promise<Fate> {
    const call = { method: 'DELETE', path: `/allocations/${consumer}`, headers: STOCK };
    return await this.write(this.scene.claiming('remove', [{ consumer, held: {}, slots: [] }]), call);
  }

  /** Whether it holds something and everybody knows what. */
  protected isSettled(consumer: string): boolean {
    const key = consumerKey(consumer);
    return !this.scene.model.isOpen(key) && this.scene.model.get(key) !== undefined;
  }

  private judge({ what }: Operation, outcome: Outcome, races: boolean): Fate {
    const { status } = outcome;
    const detail = detailOf(outcome);
    if (status === -1) return 'refused';
    if (status === 0) return 'unknown';
    if (status < 300) return 'done';
    if (status === 503) {
      if (NOT_KNOWN.test(detail)) return 'unknown';
      if (NOTHING_DONE.test(detail)) return 'refused';
    }
    const reason = reasonOf(outcome) ?? '';
    const raced = races && (reason === 'placement.concurrent_update' || reason.endsWith('generation_stale'));
    if (status === 409 && (raced || REFUSALS.has(reason) || NO_ROOM.test(detail))) return 'refused';
    if (status !== 500) this.scene.log.note('answer', `${what}: ${status} ${JSON.stringify(outcome.body)}`);
    return status < 500 ? 'refused' : 'unknown';
  }
}
