import { randomUUID } from 'node:crypto';
import { type Operation } from './model.js';
import { ROOMY_TOTAL, type Wanted } from './scene.js';
import { consumerKey, inventoryKey } from './values.js';
import { OWNER, STOCK, Writer } from './writer.js';

const CLASS = 'DISK_GB';
const TOTAL = 100;
const CONSUMERS = 2;

/**
 * Changes what there is: the total of a class that others claim beside, and, as one, where another class lies and those
 * who hold of it. Each has a provider of the many, and a pair, of its own.
 */
export class Shaper extends Writer {
  private total = ROOMY_TOTAL;
  private readonly consumers = Array.from({ length: CONSUMERS }, () => randomUUID());
  private pair: readonly [string, string] | undefined;
  private provider = '';

  /** Makes its pair. `provider`: whose total it changes, nobody else's. */
  async furnish(provider: string): Promise<this> {
    this.provider = provider;
    this.pair = [await this.scene.provider({ [CLASS]: TOTAL }), await this.scene.provider({})];
    return this;
  }

  protected async step(): Promise<void> {
    if (this.random.happens(0.5)) await this.resize();
    else await this.reshape();
  }

  private async resize(): Promise<void> {
    const { model } = this.scene;
    const key = inventoryKey(this.provider, 'MEMORY_MB');
    const generation = await this.generationOf(this.provider);
    if (model.isOpen(key) || generation === undefined) return;
    this.total += 1;
    const change = { key, before: model.get(key), after: `${this.total}` };
    const path = `/resource_providers/${this.provider}/inventories/MEMORY_MB`;
    const body = { resource_provider_generation: generation, total: this.total };
    const operation = { what: 'resize', changes: [change], lines: [] };
    await this.write(operation, { method: 'PUT', path, headers: STOCK, body }, { races: true });
  }

  private async reshape(): Promise<void> {
    const { model } = this.scene;
    const [one, other] = this.pair ?? ['', ''];
    const keys = [one, other].map((provider) => inventoryKey(provider, CLASS));
    if ([...keys, ...this.consumers.map(consumerKey)].some((key) => model.isOpen(key))) return;
    const isAtOne = model.get(inventoryKey(one, CLASS)) !== undefined;
    const [from, to] = isAtOne ? [one, other] : [other, one];
    const generations = [await this.generationOf(from), await this.generationOf(to)];
    if (generations.includes(undefined)) return;
    const held = { [to]: { resources: { [CLASS]: this.random.between(1, TOTAL / CONSUMERS) } } };
    const wanted = this.consumers.map((consumer): Wanted => ({ consumer, held, slots: [] }));
    const claims = this.scene.claiming('reshape', wanted);
    const changes: Operation['changes'] = [
      ...claims.changes,
      { key: inventoryKey(from, CLASS), before: `${TOTAL}`, after: undefined },
      { key: inventoryKey(to, CLASS), before: undefined, after: `${TOTAL}` },
    ];
    const allocations = Object.fromEntries(
      this.consumers.map((consumer) => {
        return [consumer, { ...OWNER, allocations: held, consumer_generation: this.scene.generationOf(consumer) }];
      }),
    );
    const inventories = {
      [from]: { resource_provider_generation: generations[0], inventories: {} },
      [to]: { resource_provider_generation: generations[1], inventories: { [CLASS]: { total: TOTAL } } },
    };
    const call = { method: 'POST', path: '/reshaper', headers: STOCK, body: { inventories, allocations } };
    await this.write({ ...claims, changes }, call);
  }

  private async generationOf(provider: string): Promise<number | undefined> {
    const path = `/resource_providers/${provider}`;
    const { status, body } = await this.ask('read', { method: 'GET', path, headers: STOCK });
    return status === 200 ? (body as { readonly generation: number }).generation : undefined;
  }
}
