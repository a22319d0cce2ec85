import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../../support/query.js';
import type { Random } from '../../support/random.js';
import { send } from '../../support/send.js';
import { waitFor } from '../../support/wait-for.js';
import type { Finding } from './model.js';
import type { SoakDatabase } from './postgres.js';
import type { Scene } from './scene.js';
import { lineOf } from './values.js';

interface Told {
  readonly id: number;
  readonly kind: 'provider' | 'consumer';
  readonly uuid: string;
  readonly generation: number;
  readonly deleted: boolean;
}

interface Page {
  readonly changes: readonly Told[];
  readonly cursor: string;
}

const LIMIT_MS = 60_000;
const RETRY_MS = 100;
const WAIT_SECONDS = 2;
const PAGE = 500;
const EXPIRED = 410;

export type FeedFinding = Omit<Finding, 'rule'> & { readonly rule: 'feed' };

/**
 * Follows the changes from page to page, whatever service it asks and whatever becomes of that. Where the database has crashed it is
 * told to begin anew, and then reads what there is instead.
 */
export class Follower {
  private readonly told: Told[] = [];
  /** What was read instead of being told. */
  private readonly read = new Map<number, Told>();
  private cursor = '';
  private recovery = '';

  constructor(
    private readonly scene: Scene,
    private readonly database: SoakDatabase,
    private readonly random: Random,
  ) {}

  /** From now on it is told. */
  async begin(): Promise<void> {
    // Before the cursor: the database may crash between the two.
    this.recovery = await this.lastRecovery();
    this.cursor = '';
    while (this.cursor === '') this.cursor = (await this.page(''))?.cursor ?? '';
  }

  async run(): Promise<void> {
    while (!this.scene.isOver()) await this.scene.gate.through(() => this.next(WAIT_SECONDS));
  }

  /** Reads what is left, and holds all of it against the log and against what clients were told. */
  async end(): Promise<FeedFinding[]> {
    const deadline = performance.now() + LIMIT_MS;
    while ((await this.next(0)) !== 0) if (performance.now() > deadline) return [found('the end is not reached')];
    return [...this.checkOrder(), ...(await this.checkLog()), ...this.checkLines()];
  }

  /** How many changes came; undefined: nobody answered, or it had to begin anew. */
  private async next(waitSeconds: number): Promise<number | undefined> {
    const page = await this.page(`?after=${this.cursor}&wait=${waitSeconds}&limit=${PAGE}`);
    if (page === undefined) return undefined;
    this.told.push(...page.changes);
    this.cursor = page.cursor;
    return page.changes.length;
  }

  private async page(search: string): Promise<Page | undefined> {
    const { url } = this.random.pick(this.scene.services);
    const outcome = await send(url, { method: 'GET', path: `/changes${search}`, limitMs: LIMIT_MS });
    this.scene.log.count('changes', outcome);
    if (outcome.status === 200) return outcome.body as Page;
    if (outcome.status === EXPIRED && this.cursor !== '') {
      await this.beginAnew();
      return undefined;
    }
    if (outcome.status > 0 && outcome.status !== 503)
      this.scene.log.note('feed', `${outcome.status} ${JSON.stringify(outcome.body)}`);
    await sleep(RETRY_MS);
    return undefined;
  }

  private async beginAnew(): Promise<void> {
    const before = this.recovery;
    await this.begin();
    if (this.recovery === before) this.scene.log.note('feed', 'a cursor was refused, and the database had not crashed');
    for (const line of await patiently(() => readLog(this.database))) this.read.set(line.id, line);
  }

  private async lastRecovery(): Promise<string> {
    const asked = `select stats_reset::text as at from pg_stat_wal`;
    const [row] = await patiently(() => query<{ readonly at: string }>(this.database, asked));
    return row?.at ?? '';
  }

  private checkOrder(): FeedFinding[] {
    const last = new Map<string, Told>();
    return this.told.flatMap((change) => {
      const before = last.get(change.uuid);
      last.set(change.uuid, change);
      if (before === undefined) return [];
      const isNew = before.deleted || change.generation >= before.generation;
      return change.id > before.id && isNew ? [] : [found(`${JSON.stringify(change)} after ${JSON.stringify(before)}`)];
    });
  }

  /** What the log has is told, and once. */
  private async checkLog(): Promise<FeedFinding[]> {
    const rows = await readLog(this.database);
    const ids = new Set(this.told.map(({ id }) => id));
    const first = Math.min(...this.told.map(({ id }) => id).slice(0, 1));
    const missing = rows.filter(({ id }) => id >= first && !ids.has(id) && !this.read.has(id));
    const twice = this.told.length - ids.size;
    return [
      ...missing.slice(0, 3).map(({ id }) => found(`change ${id} was not told; ${missing.length} were not`)),
      ...(twice > 0 ? [found(`${twice} changes were told twice`)] : []),
    ];
  }

  /** What clients wrote has a line of each consumer, and nothing else has. */
  private checkLines(): FeedFinding[] {
    const told = this.told.filter(({ kind }) => kind === 'consumer');
    const lines = new Set(told.map(({ uuid, generation, deleted }) => lineOf(uuid, generation, deleted)));
    const read = new Set([...this.read.values()].map((line) => lineOf(line.uuid, line.generation, line.deleted)));
    const { lines: wanted } = this.scene.model;
    return [
      ...[...wanted].filter((line) => !lines.has(line) && !read.has(line)).map((line) => found(`${line} was not told`)),
      ...[...lines].filter((line) => !wanted.has(line)).map((line) => found(`${line} was told, and nobody wrote it`)),
    ];
  }
}

/** All lines of both logs. */
function readLog(database: SoakDatabase): Promise<Told[]> {
  return query<Told>(
    database,
    `select id::float8 as id, 'provider' as kind, uuid, generation, deleted from supply_changes where uuid is not null
      union all
     select id::float8, 'consumer', uuid, generation, deleted from consumer_changes`,
  );
}

/** Until it succeeds: faults go on meanwhile. */
function patiently<Row>(ask: () => Promise<Row[]>): Promise<Row[]> {
  return waitFor(() => ask().catch(() => undefined), { limitMs: LIMIT_MS, what: 'rows of the database' });
}

function found(message: string): FeedFinding {
  return { rule: 'feed', message };
}
