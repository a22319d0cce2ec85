/**
 * Whether a follower of the changes is told all of them, in order for each provider and consumer, and how soon after the commit was
 * answered: claims and removals by some writers, one follower of events who is cut off and comes back. Exits with 1 if a change was lost,
 * told twice or out of order, or if its 99th percentile came later than `--p99`. Starts a database and a service of its own.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openEventStream, type EventStream } from '../support/event-stream.js';
import { client, type Client } from '../support/http.js';
import { waitFor } from '../support/wait-for.js';
import { percentile } from './measure/latencies.js';
import { BenchDatabase } from './target/database.js';
import { KeeperProcess } from './target/keeper-process.js';

const { values: options } = parseArgs({
  options: {
    changes: { type: 'string', default: '100000' },
    writers: { type: 'string', default: '8' },
    restarts: { type: 'string', default: '5' },
    /** ms between two writes of a writer. */
    pause: { type: 'string', default: '0' },
    /** ms; without it lateness is told and not judged. */
    p99: { type: 'string' },
    workers: { type: 'string' },
  },
});

const WANTED = Number(options.changes);
/** Each write is a line of its consumer, and nearly each a line of the provider. */
const WRITES = WANTED * 0.52;
const PROVIDERS = 50;
const BERTH = { 'openstack-api-version': 'berth 1.0' };
const END_LIMIT_MS = 60_000;

interface Line {
  readonly id: number;
  readonly kind: string;
  readonly uuid: string;
  readonly deleted: boolean;
}

const keyOf = ({ kind, uuid, deleted }: Line): string => `${kind} ${uuid} ${deleted}`;

/** Comes back after each end, its own or the server's, and notes when it was told what. */
class Follower {
  readonly lines: Line[] = [];
  readonly toldAt = new Map<string, number>();
  private stream: EventStream | undefined;
  private cursor = '';
  private seen = 0;
  private done = false;

  constructor(private readonly url: string) {}

  async open(): Promise<void> {
    const resumed: Record<string, string> = this.cursor === '' ? {} : { 'last-event-id': this.cursor };
    this.stream = await openEventStream(`${this.url}/changes`, { 'x-auth-token': 'admin', ...BERTH, ...resumed });
    if (this.stream.status !== 200) throw new Error(`the stream of changes: ${this.stream.status}`);
    this.seen = 0;
    await waitFor(() => this.stream?.events.length, { what: 'the first event' });
    this.take();
  }

  async follow(): Promise<void> {
    while (!this.done) {
      this.take();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.stream?.close();
  }

  /** Breaks the connection, whatever is on its way, and comes back with the last cursor. */
  async restart(): Promise<void> {
    this.stream?.close();
    await this.open();
  }

  end(): void {
    this.done = true;
  }

  private take(): void {
    const { events = [] } = this.stream ?? {};
    const now = performance.now();
    for (; this.seen < events.length; this.seen += 1) {
      const event = events[this.seen];
      this.cursor = event?.id ?? this.cursor;
      if (event?.data === undefined) continue;
      const line = event.data as Line;
      this.lines.push(line);
      this.toldAt.set(keyOf(line), now);
    }
  }
}

async function main(): Promise<void> {
  const keeper = await KeeperProcess.start();
  try {
    const database = await BenchDatabase.create(keeper.postgres.adminUrl, 'changes');
    const { url } = await keeper.serve(database.url, options.workers);
    const sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
    await run(url, sql);
    await sql.end();
  } finally {
    await keeper.stop();
  }
}

async function run(url: string, sql: pg.Client): Promise<void> {
  const http = client(url, { version: '1.39' });
  const providers = await Promise.all(Array.from({ length: PROVIDERS }, () => createProvider(http)));
  const { rows: before } = await sql.query<{ id: string }>(`select last_value as id from supply_changes_id_seq`);
  const follower = new Follower(url);
  await follower.open();
  const following = follower.follow();
  const answeredAt = new Map<string, number>();
  const began = performance.now();
  const writing = Array.from({ length: Number(options.writers) }, () =>
    write(http, providers, answeredAt, () => answeredAt.size >= WRITES),
  );
  for (let restart = 1; restart <= Number(options.restarts); restart += 1) {
    const share = (restart / (Number(options.restarts) + 1)) * WRITES;
    await waitFor(() => answeredAt.size >= share, { limitMs: 3_600_000, what: 'writers' });
    await follower.restart();
  }
  await Promise.all(writing);
  const seconds = (performance.now() - began) / 1000;
  const truth = await linesIn(sql, Number(before[0]?.id));
  await waitFor(() => follower.lines.length >= truth.length, { limitMs: END_LIMIT_MS, what: 'the last changes' }).catch(
    () => 0,
  );
  follower.end();
  await following;
  report(truth, follower, answeredAt, seconds);
}

async function createProvider(http: Client): Promise<string> {
  const uuid = randomUUID();
  await http.post('/resource_providers', { name: uuid, uuid });
  const inventories = { VCPU: { total: 1_000_000 } };
  await http.put(`/resource_providers/${uuid}/inventories`, { resource_provider_generation: 0, inventories });
  return uuid;
}

/** Claims and releases in turn, and notes when each was answered. */
async function write(
  http: Client,
  providers: readonly string[],
  answeredAt: Map<string, number>,
  isEnough: () => boolean,
): Promise<void> {
  while (!isEnough()) {
    const uuid = randomUUID();
    const provider = providers[Math.floor(Math.random() * providers.length)] ?? '';
    const claimed = await http.put(`/allocations/${uuid}`, {
      allocations: { [provider]: { resources: { VCPU: 1 } } },
      ...{ project_id: 'p', user_id: 'u', consumer_generation: null, consumer_type: 'INSTANCE' },
    });
    answeredAt.set(`consumer ${uuid} false`, performance.now());
    const released = await http.delete(`/allocations/${uuid}`);
    answeredAt.set(`consumer ${uuid} true`, performance.now());
    if (claimed.status !== 204 || released.status !== 204) throw new Error(`${claimed.status} ${released.status}`);
    await new Promise((resolve) => setTimeout(resolve, Number(options.pause)));
  }
}

async function linesIn(sql: pg.Client, after: number): Promise<Line[]> {
  const { rows } = await sql.query<Line>(
    `select id::float8 as id, 'provider' as kind, uuid, deleted from supply_changes where id > $1
      union all select id::float8, 'consumer', uuid, deleted from consumer_changes where id > $1 order by id`,
    [after],
  );
  return rows;
}

function report(
  truth: readonly Line[],
  follower: Follower,
  answeredAt: ReadonlyMap<string, number>,
  seconds: number,
): void {
  const told = new Set(follower.lines.map(({ id }) => id));
  const lost = truth.filter(({ id }) => !told.has(id)).length;
  const unknown = [...answeredAt.keys()].filter((key) => !follower.toldAt.has(key)).length;
  const twice = follower.lines.length - told.size;
  const last = new Map<string, number>();
  let disordered = 0;
  for (const { kind, uuid, id } of follower.lines) {
    if (id <= (last.get(`${kind} ${uuid}`) ?? 0)) disordered += 1;
    last.set(`${kind} ${uuid}`, id);
  }
  const late = Float64Array.from(
    [...answeredAt].map(([key, at]) => Math.max(0, (follower.toldAt.get(key) ?? Infinity) - at)),
  ).sort();
  const figures = [0.5, 0.95, 0.99, 1].map((share) => percentile(late, share).toFixed(1));
  process.stdout.write(
    `${truth.length} changes by ${options.writers} writers in ${seconds.toFixed(1)} s, ${options.restarts} restarts of the follower\n` +
      `lost ${lost}, told twice ${twice}, out of order ${disordered}, answered and never told ${unknown}\n` +
      `from answer to delivery, ms: p50 ${figures[0]}, p95 ${figures[1]}, p99 ${figures[2]}, most ${figures[3]}\n`,
  );
  const tooLate = options.p99 !== undefined && Number(figures[2]) > Number(options.p99);
  if (lost + twice + disordered + unknown > 0 || tooLate) process.exitCode = 1;
}

await main();
