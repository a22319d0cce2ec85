import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { waitFor } from '../support/wait-for.js';
import { haproxyConfig, PASSWORDS, patroniConfig, pgbouncerConfig, type Node, type Ports } from './configs.js';
import { accountOfPrograms, freePorts, Running, type Account } from './processes.js';
import { findPrograms, type Program } from './programs.js';

const NODES = 3;
const START_LIMIT_MS = 180_000;
const REST_LIMIT_MS = 2_000;

const DUPLICATE_DATABASE = '42P04';
const DUPLICATE_OBJECT = '42710';

/** What Patroni says of one member of its cluster. */
interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
  readonly lag?: number | string;
}

/** etcd, PostgreSQL under Patroni, HAProxy and, if wished, PgBouncer: all on 127.0.0.1, all in one temporary directory. */
export class Cluster {
  private etcd: Running | undefined;
  private haproxy: Running | undefined;
  private pgbouncer: Running | undefined;
  private readonly patronis = new Map<string, Running>();

  private constructor(
    readonly directory: string,
    private readonly account: Account | undefined,
    private readonly programs: Readonly<Record<string, string>>,
    readonly nodes: readonly Node[],
    private readonly ports: Ports,
    /** Where the Berths are to listen. */
    readonly berthPorts: readonly number[],
  ) {}

  /** Makes the places; nothing runs yet. */
  static async prepare(berths: number, isPooled: boolean): Promise<Cluster> {
    const wanted: Program[] = ['etcd', 'patroni', 'haproxy', 'postgres'];
    const programs = findPrograms(isPooled ? [...wanted, 'pgbouncer'] : wanted);
    const account = accountOfPrograms();
    const directory = mkdtempSync(join(tmpdir(), 'berth-ha-'));
    const numbers = await freePorts(5 + 2 * NODES + berths);
    const [etcdClient = 0, etcdPeer = 0, primary = 0, pgbouncer = 0, service = 0] = numbers.splice(0, 5);
    const nodes = Array.from({ length: NODES }, (_, index) => ({
      name: `node${index + 1}`,
      postgresPort: numbers.shift() ?? 0,
      restPort: numbers.shift() ?? 0,
      data: join(directory, `node${index + 1}`),
    }));
    const ports = { etcdClient, etcdPeer, primary, pgbouncer, service };
    const cluster = new Cluster(directory, account, programs, nodes, ports, numbers);
    cluster.own(directory, 0o700);
    return cluster;
  }

  /** Where clients of the service go. */
  get serviceUrl(): string {
    return `http://127.0.0.1:${this.ports.service}`;
  }

  /** By HAProxy to the primary. */
  get primaryUrl(): string {
    return `postgres://berth:${PASSWORDS.berth}@127.0.0.1:${this.ports.primary}/berth`;
  }

  get pgbouncerUrl(): string {
    return `postgres://berth@127.0.0.1:${this.ports.pgbouncer}/berth`;
  }

  /** Starts etcd, the nodes and HAProxy, and makes the database. */
  async start(say: (line: string) => void): Promise<void> {
    say(`etcd, ${NODES} PostgreSQL under Patroni, HAProxy in ${this.directory}`);
    this.startEtcd();
    for (const node of this.nodes) this.startNode(node);
    await this.healthy();
    this.startHaproxy();
    await this.makeDatabase();
    if (this.programs.pgbouncer !== undefined) this.startPgbouncer();
  }

  /** Waits until every node runs, one of them leads and the others follow it in step, one of them synchronously. */
  async healthy(): Promise<void> {
    await waitFor(
      async () => {
        const members = await this.members();
        const leader = members.find(({ role }) => role === 'leader');
        const standbys = members.filter(({ role }) => role !== 'leader');
        return (
          leader?.state === 'running' &&
          standbys.length === NODES - 1 &&
          standbys.every(
            ({ state, timeline }) => /^(running|streaming)$/.test(state) && timeline === leader.timeline,
          ) &&
          standbys.some(({ role }) => role === 'sync_standby')
        );
      },
      { what: `three nodes in step; see ${this.directory}`, limitMs: START_LIMIT_MS },
    );
  }

  /** The node that says of itself that it leads; undefined: none does. */
  async leader(): Promise<Node | undefined> {
    const answers = await Promise.all(
      this.nodes.map(async (node) => ((await ask(node, '/primary')) === 200 ? node : undefined)),
    );
    return answers.find((node) => node !== undefined);
  }

  /** Ends a node as a power failure would: Patroni, the server and all of its processes. */
  kill(node: Node): void {
    this.patronis.get(node.name)?.killNow();
  }

  startNode(node: Node): void {
    const file = this.write(`${node.name}.yml`, patroniConfig(node, this.ports, dirname(this.programs.postgres ?? '')));
    const command = [this.programs.patroni ?? '', file];
    this.patronis.set(node.name, this.run(`${node.name}.log`, command, node.data));
  }

  /** Asks Patroni to give the lead to another node, in order. */
  async switchOver(from: Node): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${from.restPort}/switchover`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ leader: from.name }),
      signal: AbortSignal.timeout(START_LIMIT_MS),
    });
    if (!response.ok) throw new Error(`switchover: ${response.status} ${await response.text()}`);
  }

  /** The new worker takes what is new, the old one ends what it has within 30 s. */
  reloadHaproxy(): void {
    this.haproxy?.signal('SIGUSR2');
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.pgbouncer?.stop();
    await this.haproxy?.stop();
    await Promise.all([...this.patronis.values()].map((one) => one.stop()));
    await this.etcd?.stop();
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  private startEtcd(): void {
    const client = `http://127.0.0.1:${this.ports.etcdClient}`;
    const peer = `http://127.0.0.1:${this.ports.etcdPeer}`;
    this.etcd = this.run('etcd.log', [
      ...[this.programs.etcd ?? '', '--name', 'etcd1', '--data-dir', join(this.directory, 'etcd')],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `etcd1=${peer}`],
    ]);
  }

  private startHaproxy(): void {
    const file = this.write('haproxy.cfg', haproxyConfig(this.nodes, this.ports, this.berthPorts));
    this.haproxy = this.run('haproxy.log', [this.programs.haproxy ?? '', '-W', '-f', file]);
  }

  private startPgbouncer(): void {
    this.pgbouncer = this.run('pgbouncer.log', [
      this.programs.pgbouncer ?? '',
      this.write('pgbouncer.ini', pgbouncerConfig(this.ports)),
    ]);
  }

  /** HAProxy takes every node for the primary until it has looked: what is refused is tried again. */
  private async makeDatabase(): Promise<void> {
    const admin = `postgres://postgres:${PASSWORDS.postgres}@127.0.0.1:${this.ports.primary}/postgres`;
    const role = `create role berth login password '${PASSWORDS.berth}'`;
    for (const statement of [role, 'create database berth owner berth']) {
      const done = (): Promise<boolean> =>
        query(admin, statement).then(
          () => true,
          ({ code }: { code?: string }) => code === DUPLICATE_DATABASE || code === DUPLICATE_OBJECT,
        );
      await waitFor(done, { what: 'the primary behind HAProxy', limitMs: START_LIMIT_MS });
    }
  }

  /** As any node tells it. */
  private async members(): Promise<readonly Member[]> {
    for (const { restPort } of this.nodes) {
      try {
        const response = await fetch(`http://127.0.0.1:${restPort}/cluster`, {
          signal: AbortSignal.timeout(REST_LIMIT_MS),
        });
        return ((await response.json()) as { members: Member[] }).members;
      } catch {
        // The next one may know.
      }
    }
    return [];
  }

  private run(log: string, command: readonly string[], data?: string): Running {
    return new Running(command, join(this.directory, log), this.account, data);
  }

  private write(name: string, text: string): string {
    const file = join(this.directory, name);
    writeFileSync(file, text);
    this.own(file, 0o600);
    return file;
  }

  private own(path: string, mode: number): void {
    chmodSync(path, mode);
    if (this.account !== undefined) chownSync(path, this.account.uid, this.account.gid);
  }
}

function ask({ restPort }: Node, path: string): Promise<number> {
  return fetch(`http://127.0.0.1:${restPort}${path}`, { signal: AbortSignal.timeout(REST_LIMIT_MS) }).then(
    ({ status }) => status,
    () => 0,
  );
}

/** Runs a statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
