import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { waitFor } from '../support/wait-for.js';

/** node:cluster hands connections out in turns: of so many in a row, each of two workers gets some. */
const MAX_TRIES = 20;
const HANDED_LIMIT_MS = 60_000;

/** An agent for each of the workers. They open connections one after another: in step, both could miss for ever. */
export function workerAgents(pids: readonly number[]): readonly WorkerAgent[] {
  const line: Line = { last: Promise.resolve() };
  return pids.map((pid) => new WorkerAgent(pid, pids, line));
}

interface Line {
  last: Promise<unknown>;
}

/**
 * Connections to one of several workers that share a port. Nobody can ask for a worker: connections are opened until the
 * right one was handed one, which shows in /proc (so Linux only), and the others are closed again.
 */
export class WorkerAgent extends Agent {
  /** Connections of this worker that were used. */
  connections = 0;

  constructor(
    private readonly worker: number,
    private readonly pids: readonly number[],
    private readonly line: Line,
  ) {
    super({ keepAlive: true });
  }

  /** Called by node:http for each request that finds no free connection. */
  override createConnection(options: ClientRequestArgs, done: (error: Error | null, socket: Duplex) => void): null {
    const placed = this.line.last.then(() => this.place(options));
    this.line.last = placed.catch(() => undefined);
    placed.then(
      (socket) => done(null, socket),
      (error: Error) => done(error, undefined as unknown as Duplex),
    );
    return null;
  }

  private async place({ host, port }: ClientRequestArgs): Promise<Socket> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const socket = connect({ host: host ?? '', port: Number(port) });
      await once(socket, 'connect');
      const { localPort = 0 } = socket;
      const owner = await waitFor(() => this.pids.find((pid) => holds(pid, Number(port), localPort)), {
        limitMs: HANDED_LIMIT_MS,
        what: 'a worker that takes the connection',
      });
      if (owner === this.worker) {
        this.connections += 1;
        return socket;
      }
      socket.destroy();
    }
    throw new Error(`${MAX_TRIES} connections, and worker ${this.worker} was handed none of them`);
  }
}

/** Whether the process has the serving end of the connection from `localPort` to `port`. */
function holds(pid: number, port: number, localPort: number): boolean {
  const inode = inodeOf(port, localPort);
  if (inode === undefined) return false;
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === `socket:[${inode}]`);
}

/** The columns are: number, local address, remote address, state, and five more before the inode. */
function inodeOf(port: number, localPort: number): string | undefined {
  const address = (number: number): string => `0100007F:${number.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const columns = line.trim().split(/ +/);
    if (columns[1] === address(port) && columns[2] === address(localPort)) return columns[9];
  }
  return undefined;
}

/** A descriptor may be closed while we look. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
