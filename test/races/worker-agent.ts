import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { waitFor } from '../support/wait-for.js';

/** node:cluster hands connections out in turns: of so many in a row, each of two workers gets some. */
const MAX_TRIES = 20;
const HANDED_LIMIT_MS = 60_000;
/** Connections that are opened together: fewer than a server lets wait before it accepts them. */
const MOST_TOGETHER = 100;

/** An agent for each of the workers. */
export function workerAgents(pids: readonly number[]): readonly Agent[] {
  const exchange = new Exchange(pids);
  return pids.map((pid) => new WorkerAgent(pid, exchange));
}

/** Connections to one of several workers that share a port. */
class WorkerAgent extends Agent {
  constructor(
    private readonly worker: number,
    private readonly exchange: Exchange,
  ) {
    super({ keepAlive: true });
  }

  /** Called by node:http for each request that finds no free connection. */
  override createConnection(options: ClientRequestArgs, done: (error: Error | null, socket: Duplex) => void): null {
    this.exchange.connect(this.worker, options).then(
      (socket) => done(null, socket),
      (error: Error) => done(error, undefined as unknown as Duplex),
    );
    return null;
  }
}

interface Wanted {
  readonly worker: number;
  readonly address: ClientRequestArgs;
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: unknown) => void;
  tries: number;
}

/**
 * Nobody can ask for a worker: connections are opened for all that want one, and go to them as they were handed out, which
 * shows in /proc (so Linux only). What is too much for a worker is closed again.
 */
class Exchange {
  private wanted: Wanted[] = [];
  private isBusy = false;

  constructor(private readonly pids: readonly number[]) {}

  connect(worker: number, address: ClientRequestArgs): Promise<Socket> {
    return new Promise((resolve, reject) => {
      this.wanted.push({ worker, address, resolve, reject, tries: 0 });
      if (!this.isBusy) void this.serve();
    });
  }

  private async serve(): Promise<void> {
    this.isBusy = true;
    while (this.wanted.length > 0) {
      const some = this.wanted.splice(0, MOST_TOGETHER);
      try {
        this.wanted.unshift(...(await this.place(some)));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    this.isBusy = false;
  }

  /** Those that got none. */
  private async place(some: readonly Wanted[]): Promise<Wanted[]> {
    const address: ClientRequestArgs = some[0]?.address ?? {};
    // Of two each worker has one; one alone would go to the wrong one every other time.
    const count = Math.max(this.pids.length, some.length);
    const sockets = await Promise.all(Array.from({ length: count }, () => open(address)));
    const owners = await waitFor(() => ownersOf(this.pids, Number(address.port), sockets), {
      limitMs: HANDED_LIMIT_MS,
      what: 'workers that take the connections',
    });
    const free = new Map(this.pids.map((pid) => [pid, sockets.filter((_, at) => owners[at] === pid)]));
    const left = some.filter((one) => {
      const socket = free.get(one.worker)?.pop();
      one.tries += 1;
      if (socket !== undefined) one.resolve(socket);
      else if (one.tries < MAX_TRIES) return true;
      else one.reject(new Error(`worker ${one.worker} was handed none of the connections of ${MAX_TRIES} tries`));
      return false;
    });
    for (const socket of [...free.values()].flat()) socket.destroy();
    return left;
  }
}

async function open({ host, port }: ClientRequestArgs): Promise<Socket> {
  const socket = connect({ host: host ?? '', port: Number(port) });
  await once(socket, 'connect');
  return socket;
}

/** The process that has the serving end of each connection to `port`; undefined: nobody has that of one yet. */
function ownersOf(pids: readonly number[], port: number, sockets: readonly Socket[]): readonly number[] | undefined {
  const inodes = inodesByClient(port);
  const holders = new Map(pids.flatMap((pid) => descriptorsOf(pid).map((target) => [target, pid])));
  const owners = sockets.map(({ localPort = 0 }) => holders.get(`socket:[${inodes.get(localPort)}]`));
  return owners.includes(undefined) ? undefined : (owners as number[]);
}

/** The columns are: number, local address, remote address, state, and five more before the inode. */
function inodesByClient(port: number): ReadonlyMap<number, string> {
  const inodes = new Map<number, string>();
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local, remote = '', , , , , , , inode = ''] = line.trim().split(/ +/);
    if (portOf(local) === port) inodes.set(portOf(remote), inode);
  }
  return inodes;
}

function portOf(address = ''): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return readlinkSync(`${folder}/${name}`);
    } catch {
      // A descriptor may be closed while we look.
      return [];
    }
  });
}
