import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../support/send.js';
import { ANY, type Values } from './model.js';
import { LOCKSPACE, type Wanted } from './scene.js';
import { consumerKey, inWords } from './values.js';
import { OWNER, STOCK, Writer, type Fate } from './writer.js';

/** What one client holds at most, and how much of a tight provider at once. */
const MOST = 6;
const AMOUNT = { from: 1, to: 4 } as const;
const TOGETHER = { from: 2, to: 3 } as const;

/** Slots of which each has one holder, and one of which so many may be held. */
const DEVICES = 5;
const LICENCE = { key: 'licence', limit: 4 } as const;
const LOCKS = 3;
const LEASE_MS = 3_000;

/** Claims, rewrites and removes, one consumer at a time or several as one, with slots and under fences. */
export class Claimer extends Writer {
  /** Those of whom it is not known whether they are there, too. */
  private consumers: string[] = [];

  protected async step(): Promise<void> {
    const { model } = this.scene;
    this.consumers = this.consumers.filter((consumer) => {
      return model.isOpen(consumerKey(consumer)) || model.get(consumerKey(consumer)) !== undefined;
    });
    const settled = this.consumers.filter((consumer) => this.isSettled(consumer));
    const [first] = settled;
    if (first === undefined) return await this.claim();
    if (this.consumers.length > MOST) return void (await this.remove(first));
    const what = this.random.weighted({ claim: 30, rewrite: 12, group: 20, find: 22, remove: 12, fenced: 8, look: 20 });
    if (what === 'claim') await this.claim();
    else if (what === 'rewrite') await this.rewrite(this.random.pick(settled));
    else if (what === 'group') await this.group(settled);
    else if (what === 'find') await this.find();
    else if (what === 'remove') await this.remove(this.random.pick(settled));
    else if (what === 'fenced') await this.fenced();
    else await this.look(this.random.pick(settled));
  }

  private async claim(): Promise<void> {
    this.consumers.push((await this.claimOf(this.pickProvider(), this.amount())).consumer);
  }

  /** A stock client's: it names no slots, so those that were held go. */
  private async rewrite(consumer: string): Promise<void> {
    const wanted = this.wanted(consumer);
    const body = { ...OWNER, allocations: wanted.held, consumer_generation: this.scene.generationOf(consumer) };
    const call = { method: 'PUT', path: `/allocations/${consumer}`, headers: STOCK, body };
    await this.write(this.scene.claiming('rewrite', [wanted]), call);
  }

  /** Some come, some change, some go. */
  private async group(settled: readonly string[]): Promise<void> {
    const known = settled.filter(() => this.random.happens(0.4)).slice(0, TOGETHER.to - 1);
    const fresh = Array.from({ length: this.random.between(TOGETHER.from, TOGETHER.to) - known.length }, () =>
      randomUUID(),
    );
    const wanted = [
      ...known.map((consumer) =>
        this.random.happens(0.5) ? this.wanted(consumer) : { consumer, held: {}, slots: [] },
      ),
      ...fresh.map((consumer) => this.wanted(consumer)),
    ];
    const body = Object.fromEntries(
      wanted.map(({ consumer, held }) => {
        return [consumer, { ...OWNER, allocations: held, consumer_generation: this.scene.generationOf(consumer) }];
      }),
    );
    const call = { method: 'POST', path: '/allocations', headers: STOCK, body };
    this.consumers.push(...fresh);
    await this.write(this.scene.claiming('group', wanted), call);
  }

  private async find(fence?: object): Promise<Fate> {
    const consumer = randomUUID();
    const amount = this.amount();
    // Under a fence nothing else shall stand in the way.
    const devices =
      fence === undefined && this.random.happens(0.5) ? [`device ${this.random.between(1, DEVICES)}`] : [];
    const licences = fence === undefined && this.random.happens(0.3) ? [LICENCE] : [];
    const slots = [...devices, ...licences.map(({ key }) => key)];
    const entry = {
      ...OWNER,
      consumer_uuid: consumer,
      consumer_generation: null,
      slot_locks: [...devices, ...licences],
    };
    const preference = this.random.happens(0.5) ? 'random' : 'first';
    const body = { query: { resources: `VCPU:${amount}` }, consumers: [entry], preference, fence };
    const operation = this.scene.claiming(fence === undefined ? 'find' : 'fenced', [
      { consumer, held: { [ANY]: { resources: { VCPU: amount } } }, slots },
    ]);
    const chosen = (outcome: Outcome): Values => chosenFor(consumer, outcome, slots);
    this.consumers.push(consumer);
    return await this.write(operation, { method: 'POST', path: '/claims', body }, { chosen });
  }

  /** Takes a lock, claims under it, lets it go; now and then too late. */
  private async fenced(): Promise<void> {
    const name = `lock ${this.random.between(1, LOCKS)}`;
    const path = `/lockspaces/${LOCKSPACE}/locks/${encodeURIComponent(name)}`;
    const owner = randomUUID();
    const taken = await this.ask('lock', {
      method: 'PUT',
      path,
      body: { owner, mode: 'exclusive', lease_ms: LEASE_MS, wait_ms: 200 },
    });
    if (taken.status !== 200) return;
    const { token } = taken.body as { readonly token: number };
    const { fences, log } = this.scene;
    fences.learn(name, token);
    const isLate = this.random.happens(0.4);
    const unlock = { method: 'PUT', path, body: { owner, mode: 'unlock', token } };
    const isFree = isLate && (await this.ask('unlock', unlock)).status === 200;
    const newest = fences.newest(name);
    const fate = await this.find({ lockspace: LOCKSPACE, name, token });
    if (fate === 'done' && (isFree || newest > token))
      log.note('fence', `${name}: written under ${token} when ${isFree ? 'it was released' : `${newest} was known`}`);
    if (!isLate) await this.ask('unlock', unlock);
  }

  /** What is read is what was told, whichever process is asked. */
  private async look(consumer: string): Promise<void> {
    const outcome = await this.ask('look', { method: 'GET', path: `/allocations/${consumer}` });
    if (outcome.status !== 200) return;
    const found = inWordsOf(outcome.body);
    const told = this.scene.model.get(consumerKey(consumer));
    if (found !== told) this.scene.log.note('stale', `${consumer}: told ${told}, read ${found}`);
  }

  private wanted(consumer: string): Wanted {
    return { consumer, held: { [this.pickProvider()]: { resources: { VCPU: this.amount() } } }, slots: [] };
  }

  private pickProvider(): string {
    return this.random.pick(this.random.happens(0.6) ? this.scene.tight : this.scene.roomy);
  }

  private amount(): number {
    return this.random.between(AMOUNT.from, AMOUNT.to);
  }
}

interface ShownConsumer {
  readonly allocations: Readonly<Record<string, { readonly resources: Readonly<Record<string, number>> }>>;
  readonly consumer_generation?: number;
  readonly slot_locks?: readonly { readonly key: string }[];
}

function inWordsOf(body: unknown): string | undefined {
  const { allocations, consumer_generation: generation, slot_locks: slots = [] } = body as ShownConsumer;
  if (generation === undefined) return undefined;
  return inWords({ generation, held: allocations, slots: slots.map(({ key }) => key) });
}

function chosenFor(consumer: string, { body }: Outcome, slots: readonly string[]): Values {
  const shown = (body as { readonly claims: Readonly<Record<string, ShownConsumer>> }).claims[consumer];
  if (shown === undefined) return new Map();
  const { allocations: held, consumer_generation: generation = 0 } = shown;
  return new Map([[consumerKey(consumer), inWords({ generation, held, slots })]]);
}
