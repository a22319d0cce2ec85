import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server, type Socket } from 'node:net';
import pg from 'pg';

/**
 * When the proxy cuts at a commit: before the server gets it; as soon as it is sent, whatever the server makes of it;
 * or when the server has answered it, and the answer goes nowhere.
 */
export type CommitCut = 'unsent' | 'sent' | 'unanswered';

/** `commit` as a simple query of PostgreSQL's protocol: its type, its length, its text. */
const COMMIT = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1');

interface Line {
  readonly near: Socket;
  readonly far: Socket;
  /** What the client sent into the silence, and the server gets when it is over: the network tries again until then. */
  readonly held: Buffer[];
  /** The end of what the client sent last: a message may come in pieces. */
  tail: Buffer;
  /** Its commit has gone out, and the answer is not to come back. */
  muted: boolean;
  /** Answers of a slow database that are under way, in their order: none overtakes another, as in any TCP stream. */
  readonly late: Answer[];
}

interface Answer {
  readonly chunk: Buffer;
  readonly dueMs: number;
}

/** A way to the database that fails when it is told to: between the service and PostgreSQL, on 127.0.0.1. */
export class DatabaseProxy {
  /** How many commits have been cut. */
  cuts = 0;
  private readonly lines = new Set<Line>();
  private planned: CommitCut | undefined;
  private refuseAfterCut = false;
  private silenceAtCommit = false;
  private reachable = true;
  private silent = false;
  private delayMs = 0;
  private slowFrom: { readonly text: string; readonly delayMs: number } | undefined;

  private constructor(
    /** The database's URL by this way. */
    readonly url: string,
    private readonly server: Server,
    private target: NetConnectOpts,
  ) {
    server.on('connection', (near: Socket) => this.open(near));
  }

  /** Opens a way to the database at `databaseUrl`, which may be a host and port or a socket in the file system. */
  static async open(databaseUrl: string): Promise<DatabaseProxy> {
    const { user, password, database } = new pg.Client({ connectionString: databaseUrl });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`postgres://127.0.0.1:${(server.address() as AddressInfo).port}/${database ?? ''}`);
    url.username = user ?? '';
    url.password = typeof password === 'string' ? password : '';
    return new DatabaseProxy(url.href, server, targetOf(databaseUrl));
  }

  /** The next commit is cut, and with it every connection. With `refuse`, nobody gets through after that. */
  cutNextCommit(when: CommitCut, { refuse = false } = {}): void {
    this.planned = when;
    this.refuseAfterCut = refuse;
  }

  /** Cuts every connection, and leads new ones to the server of another URL: a standby that took over. */
  leadTo(databaseUrl: string): void {
    this.target = targetOf(databaseUrl);
    this.cutAll();
  }

  /** Cuts every connection, and each new one. */
  refuse(): void {
    this.reachable = false;
    this.cutAll();
  }

  /** From now on every answer takes so much longer; or from the moment when somebody sends a statement with this text in it. */
  slowDown(delayMs: number, text?: string): void {
    if (text === undefined) this.delayMs = delayMs;
    else this.slowFrom = { text, delayMs };
  }

  /** From now on connections are accepted and kept, and nothing comes through them: not even that one was closed. */
  silence(): void {
    this.silent = true;
  }

  /** The same from the moment when the next commit is on its way. */
  silenceAtNextCommit(): void {
    this.silenceAtCommit = true;
  }

  /** How many pieces were sent into the silence and are on their way. */
  get holds(): number {
    return [...this.lines].reduce((sum, { held }) => sum + held.length, 0);
  }

  /** Ends what was begun by `refuse`, `slowDown` or a silence. What was sent into the silence arrives now. */
  letThrough(): void {
    this.reachable = true;
    this.silent = false;
    this.silenceAtCommit = false;
    this.delayMs = 0;
    this.slowFrom = undefined;
    for (const line of [...this.lines]) {
      for (const chunk of line.held.splice(0)) line.far.write(chunk);
      if (line.near.destroyed || line.far.destroyed) this.cut(line);
    }
  }

  async close(): Promise<void> {
    this.refuse();
    this.server.close();
    await once(this.server, 'close');
  }

  private open(near: Socket): void {
    near.on('error', () => undefined);
    if (!this.reachable) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(this.target);
    const line: Line = { near, far, held: [], tail: Buffer.alloc(0), muted: false, late: [] };
    this.lines.add(line);
    far.on('error', () => far.destroy());
    for (const end of [far, near]) end.once('close', () => this.silent || this.cut(line));
    near.on('data', (chunk: Buffer) => this.toDatabase(line, chunk));
    far.on('data', (chunk: Buffer) => {
      if (this.silent) return;
      if (!line.muted) this.toClient(line, chunk);
      else this.cutCommit();
    });
  }

  private toClient(line: Line, chunk: Buffer): void {
    if (line.late.length === 0 && this.delayMs === 0) {
      line.near.write(chunk);
      return;
    }
    const dueMs = Math.max(performance.now() + this.delayMs, line.late.at(-1)?.dueMs ?? 0);
    line.late.push({ chunk, dueMs });
    if (line.late.length === 1) this.awaitNext(line);
  }

  /** One timer of a line at a time: timers that end at about the same time may be taken out of turn. */
  private awaitNext(line: Line): void {
    const next = line.late[0];
    if (next === undefined) return;
    const deliver = (): void => {
      line.late.shift();
      // What was under way when silence fell is lost with it.
      if (!this.silent && !line.near.destroyed) line.near.write(next.chunk);
      this.awaitNext(line);
    };
    setTimeout(deliver, Math.max(0, next.dueMs - performance.now()));
  }

  private toDatabase(line: Line, chunk: Buffer): void {
    const seen = Buffer.concat([line.tail, chunk]);
    line.tail = seen.subarray(Math.max(0, seen.length - COMMIT.length + 1));
    if (this.slowFrom !== undefined && seen.includes(this.slowFrom.text)) this.delayMs = this.slowFrom.delayMs;
    if (this.silenceAtCommit && seen.includes(COMMIT)) this.silent = true;
    if (this.silent) {
      line.held.push(chunk);
      return;
    }
    if (this.planned === undefined || !seen.includes(COMMIT)) {
      line.far.write(chunk);
      return;
    }
    const when = this.planned;
    this.planned = undefined;
    if (when === 'unsent') this.cutCommit();
    else if (when === 'sent') line.far.write(chunk, () => this.cutCommit());
    else {
      line.muted = true;
      line.far.write(chunk);
    }
  }

  private cutCommit(): void {
    this.cuts += 1;
    if (this.refuseAfterCut) this.reachable = false;
    this.cutAll();
  }

  private cutAll(): void {
    for (const line of [...this.lines]) this.cut(line);
  }

  private cut(line: Line): void {
    if (!this.lines.delete(line)) return;
    line.near.destroy();
    // An orderly end: what was written to the server before is read by it before it notices.
    line.far.end();
    line.far.resume();
  }
}

function targetOf(databaseUrl: string): NetConnectOpts {
  const { host, port } = new pg.Client({ connectionString: databaseUrl });
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
