import { randomUUID } from 'node:crypto';
import { send } from '../../support/send.js';
import type { ServiceProcess } from '../../support/service-process.js';
import type { Gate } from './gate.js';
import type { SoakLog } from './log.js';
import type { Model, Operation } from './model.js';
import { consumerKey, generationIn, inventoryKey, inWords, lineOf, type Holding } from './values.js';

const TIGHT = 4;
const TIGHT_TOTAL = 15;
const ROOMY = 4;
export const ROOMY_TOTAL = 1_000_000;
export const LOCKSPACE = 'soak';
const SET_UP_LIMIT_MS = 60_000;

/** What a consumer shall have after a write; nothing held: it is to go. */
export interface Wanted {
  readonly consumer: string;
  readonly held: Holding['held'];
  readonly slots: readonly string[];
}

export interface SceneParts {
  readonly services: readonly ServiceProcess[];
  readonly model: Model;
  readonly log: SoakLog;
  readonly gate: Gate;
  readonly pauseMs: number;
  readonly isOver: () => boolean;
}

/** The newest token of each lock that somebody was told of: all older ones are dead. */
class Fences {
  private readonly tokens = new Map<string, number>();

  newest(name: string): number {
    return this.tokens.get(name) ?? 0;
  }

  learn(name: string, token: number): void {
    this.tokens.set(name, Math.max(token, this.newest(name)));
  }
}

/** What all clients have in common. */
export class Scene {
  readonly fences = new Fences();
  readonly services: readonly ServiceProcess[];
  readonly model: Model;
  readonly log: SoakLog;
  readonly gate: Gate;
  /** At most so long a client rests between two steps: ms. */
  readonly pauseMs: number;
  readonly isOver: () => boolean;
  /** Providers that are full most of the time. */
  readonly tight: string[] = [];
  /** Providers on which there is always room. */
  readonly roomy: string[] = [];

  constructor(parts: SceneParts) {
    ({ services: this.services, model: this.model, log: this.log, gate: this.gate } = parts);
    ({ pauseMs: this.pauseMs, isOver: this.isOver } = parts);
  }

  /** Makes the providers that everybody claims from. */
  async furnish(): Promise<void> {
    for (let made = 0; made < TIGHT; made += 1) this.tight.push(await this.provider({ VCPU: TIGHT_TOTAL }));
    for (let made = 0; made < ROOMY; made += 1)
      this.roomy.push(await this.provider({ VCPU: ROOMY_TOTAL, MEMORY_MB: ROOMY_TOTAL }));
    await this.must('PUT', `/lockspaces/${LOCKSPACE}`, { lease_ms: 5_000 });
  }

  /** Makes a provider with so much of each class. */
  async provider(totals: Readonly<Record<string, number>>): Promise<string> {
    const uuid = randomUUID();
    await this.must('POST', '/resource_providers', { name: uuid, uuid });
    const inventories = Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, { total }]));
    const body = { resource_provider_generation: 0, inventories };
    await this.must('PUT', `/resource_providers/${uuid}/inventories`, body);
    const changes = Object.entries(totals).map(([name, total]) => {
      return { key: inventoryKey(uuid, name), before: undefined, after: `${total}` };
    });
    this.model.acknowledge({ what: 'provider', changes, lines: [] });
    return uuid;
  }

  /** The operation that gives consumers what they shall have, by what they have now. */
  claiming(what: string, wanted: readonly Wanted[]): Operation {
    const changes = wanted.map(({ consumer, held, slots }) => {
      const before = this.model.get(consumerKey(consumer));
      const seen = before === undefined ? 0 : generationIn(before);
      const goes = Object.keys(held).length === 0;
      const after = goes ? undefined : inWords({ generation: seen + 1, held, slots });
      const line = goes ? lineOf(consumer, seen, true) : lineOf(consumer, seen + 1);
      return { change: { key: consumerKey(consumer), before, after }, line };
    });
    return { what, changes: changes.map(({ change }) => change), lines: changes.map(({ line }) => line) };
  }

  /** The generation that a write of the consumer has to name. */
  generationOf(consumer: string): number | null {
    const words = this.model.get(consumerKey(consumer));
    return words === undefined ? null : generationIn(words);
  }

  private async must(method: string, path: string, body: object): Promise<void> {
    const [service] = this.services;
    const outcome = await send(service?.url ?? '', { method, path, body, limitMs: SET_UP_LIMIT_MS });
    if (outcome.status >= 200 && outcome.status < 300) return;
    throw new Error(`${method} ${path}: ${outcome.status} ${JSON.stringify(outcome.body)}`);
  }
}
