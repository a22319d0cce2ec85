import { Random } from '../support/random.js';
import { kindOf, meet, type Meeting } from './compare.js';
import { nextRequest } from './next-request.js';
import { exchange, type Answer, type Sent } from './exchange.js';
import { knownOf } from './known.js';
import { followUps, learn, read } from './learn.js';
import { limitDifferences, withoutLimit } from './limit.js';
import { judgeCandidates } from './reference.js';
import { State } from './state.js';
import { clear, makeWorld } from './world.js';

export interface Options {
  readonly berth: string;
  readonly peer: string;
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (done: number, kinds: number) => void;
  /** Is told of each kind when it is met first. */
  readonly found?: (finding: Finding) => void;
}

export interface Finding {
  readonly kind: string;
  readonly meeting: Meeting;
  /** What was sent before and names the same things, the last ones. */
  readonly before: readonly Meeting[];
  times: number;
}

export interface Report {
  readonly requests: number;
  readonly findings: readonly Finding[];
  /** How often each known difference was met, by its kinds. */
  readonly known: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** `route status`: how often. */
  readonly statuses: ReadonlyMap<string, number>;
}

/** Requests in one world; after them everything is read once more, and another begins. */
const WORLD_REQUESTS = 300;

/** Steps printed before a difference. */
const STEPS = 8;

/** Sends one sequence to both, and holds each answer against the other. */
export async function differential(options: Options): Promise<Report> {
  return await new Differential(options).run();
}

class Differential {
  private readonly random: Random;
  private readonly findings = new Map<string, Finding>();
  private readonly known = new Map<string, Map<string, number>>();
  private readonly statuses = new Map<string, number>();
  private readonly newer = new Set<string>();
  private steps: Meeting[] = [];
  private readonly following: Sent[] = [];
  private state: State;
  private done = 0;
  /** Set where the two no longer hold the same. */
  private isSpoilt = false;

  constructor(private readonly options: Options) {
    this.random = new Random(options.seed);
    this.state = new State(this.random);
  }

  async run(): Promise<Report> {
    await this.readNewer();
    while (this.done < this.options.requests) await this.world();
    const findings = [...this.findings.values()];
    return { requests: this.done, findings, known: this.known, statuses: this.statuses };
  }

  /** Standard traits come with a library, of which the two may have different versions (spec data_model.md §4). */
  private withoutNewer({ path }: Sent, answer: Answer): Answer {
    if (answer.status !== 200 || !/^\/traits(\?|$)/.test(path)) return answer;
    const { traits } = JSON.parse(answer.text) as { traits: string[] };
    return { ...answer, text: JSON.stringify({ traits: traits.filter((name) => !this.newer.has(name)) }) };
  }

  private async readNewer(): Promise<void> {
    const [berth = [], peer = []] = await Promise.all(
      [this.options.berth, this.options.peer].map(async (url) => {
        const { text } = await exchange(url, read('/traits'));
        return (JSON.parse(text) as { traits: string[] }).traits;
      }),
    );
    for (const name of berth) if (!name.startsWith('CUSTOM_') && !peer.includes(name)) this.newer.add(name);
  }

  private async world(): Promise<void> {
    const { berth, peer } = this.options;
    await Promise.all([clear(berth), clear(peer)]);
    this.state = new State(this.random);
    this.steps = [];
    this.isSpoilt = false;
    const tools = { random: this.random, state: this.state };
    for (const sent of makeWorld(tools)) await this.step(sent);
    for (let left = WORLD_REQUESTS; left > 0 && !this.isSpoilt && this.done < this.options.requests; left -= 1) {
      await this.step(nextRequest(tools));
    }
    if (!this.isSpoilt) await this.readAll();
  }

  /** One request, and those that read what it may have changed. */
  private async step(sent: Sent): Promise<void> {
    const meeting = await this.send(sent);
    if (this.isSpoilt) return;
    for (const follow of [...followUps(this.state, sent, meeting.berth), ...this.following.splice(0)]) {
      await this.send(follow);
    }
  }

  private async send(sent: Sent): Promise<Meeting> {
    const { berth, peer, progress } = this.options;
    const answers = { berth: this.withoutNewer(sent, await exchange(berth, sent)), peer: await exchange(peer, sent) };
    const meeting = await this.ruled(meet(sent, answers.berth, answers.peer));
    this.judge(meeting);
    this.steps.push(meeting);
    learn(this.state, sent, meeting.berth);
    this.done += 1;
    const status = `${sent.route} ${meeting.berth.status}`;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    progress?.(this.done, this.findings.size);
    return meeting;
  }

  /** A search with what else has to be known to judge it. */
  private async ruled(meeting: Meeting): Promise<Meeting> {
    const { sent, berth, peer, minor, differences } = meeting;
    const whole = withoutLimit(sent);
    if (whole !== undefined && berth.status === 200 && peer.status === 200) {
      this.following.push(whole);
      const all = await exchange(this.options.berth, whole);
      const others = differences.filter(({ part }) => part !== 'body');
      return { ...meeting, differences: [...others, ...limitDifferences(sent, berth, all)] };
    }
    if (differences.length > 0 && peer.status === 409 && (await this.isOverCommitted(meeting))) {
      return { ...meeting, isOverCommitted: true };
    }
    if (differences.length === 0 || minor === undefined || !/^\/allocation_candidates\?/.test(sent.path))
      return meeting;
    return { ...meeting, judgement: judgeCandidates(this.state, sent, minor, { berth, peer }) };
  }

  /** Whether what Placement refuses to give is of an inventory of which more is taken already than there is. */
  private async isOverCommitted({ sent, peer }: Meeting): Promise<boolean> {
    const [, name, provider] = /for '(\w+)' on resource provider '([^']*)'.*exceed the capacity/.exec(peer.text) ?? [];
    if (name === undefined || provider === undefined) return false;
    const { text } = await exchange(this.options.peer, read(`/resource_providers/${provider}/usages`));
    const { usages } = JSON.parse(text) as { usages: Readonly<Record<string, number>> };
    return (usages[name] ?? 0) > this.state.capacityOf(provider, name, sent.body);
  }

  private judge(meeting: Meeting): void {
    const { sent, berth, peer, differences } = meeting;
    this.forgetLost(meeting);
    if (differences.length === 0) return;
    if (isNamedByEach(meeting)) {
      this.isSpoilt = true;
      return;
    }
    const isWrite = sent.method !== 'GET' && sent.method !== 'HEAD';
    if (isWrite && berth.status < 300 !== peer.status < 300) this.isSpoilt = true;
    const kind = kindOf(meeting);
    const known = knownOf(meeting);
    if (known !== undefined) {
      const kinds = this.known.get(known.id) ?? new Map<string, number>();
      this.known.set(known.id, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
      return;
    }
    const found = this.findings.get(kind);
    if (found !== undefined) {
      found.times += 1;
      return;
    }
    const finding: Finding = { kind, meeting, before: this.stepsBefore(meeting), times: 1 };
    this.findings.set(kind, finding);
    this.options.found?.(finding);
  }

  /** Placement keeps a consumer of a request that failed late, or that had nothing for it; spec allocations.md §5. */
  private forgetLost({ sent, berth }: Meeting): void {
    const text = bare(`${sent.path} ${sent.body?.toString() ?? ''}`);
    if (sent.method === 'GET' || !/^\/(allocations|reshaper)/.test(sent.path)) return;
    if (berth.status < 300 && !/\{\}|\[\]/.test(text)) return;
    for (const [uuid, { generation }] of this.state.consumers) {
      if (generation === null && text.includes(bare(uuid))) this.state.retire(uuid);
    }
  }

  private stepsBefore({ sent }: Meeting): Meeting[] {
    const uuids = `${sent.path} ${sent.body?.toString() ?? ''}`.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? [];
    return this.steps
      .filter(({ sent: { method, path, body }, berth }) => {
        if (method === 'GET' || berth.status >= 300) return false;
        const text = `${path} ${body?.toString() ?? ''}`;
        return uuids.length === 0 || uuids.some((uuid) => text.includes(uuid));
      })
      .slice(-STEPS);
  }

  /** What was changed without anybody looking is found here. */
  private async readAll(): Promise<void> {
    await this.send(read('/resource_providers'));
    await this.send(read('/traits'));
    await this.send(read('/resource_classes'));
    for (const uuid of this.state.providers.keys()) {
      for (const part of ['', '/inventories', '/aggregates', '/traits', '/usages', '/allocations']) {
        await this.send(read(`/resource_providers/${uuid}${part}`));
      }
    }
    for (const uuid of this.state.consumers.keys()) await this.send(read(`/allocations/${uuid}`));
  }
}

/** However a uuid is spelled. */
function bare(text: string): string {
  return text.replaceAll('-', '').toLowerCase();
}

/** A provider without a uuid gets another one from each. */
function isNamedByEach({ sent, berth, peer }: Meeting): boolean {
  const isCreated = berth.status < 300 && peer.status < 300 && sent.route.startsWith('POST /resource_providers');
  return isCreated && !/"uuid":/.test(sent.body?.toString() ?? '') && berth.headers.has('location');
}
