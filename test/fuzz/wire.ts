import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shot } from './shot.js';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** A stream of which only the beginning was taken. */
  readonly isStream: boolean;
}

export interface Outcome {
  readonly answers: readonly WireAnswer[];
  /** What came that is no answer; empty if all was well. */
  readonly rest: string;
  readonly end: 'answered' | 'closed' | 'left' | 'silent';
}

/** Nobody may be without an answer, or connected, for longer: ms. The service itself is told to wait less. */
export const SILENCE_LIMIT_MS = 60_000;

/** How long an answer is waited for that may rightly take its time: ms. */
const PATIENCE_MS = 400;

const POLL_MS = 250;

/** Sends a shot and takes what comes back. */
export async function fire(port: number, shot: Shot): Promise<Outcome> {
  const connection = new Connection(port, shot);
  try {
    await connection.send();
    if (shot.wants === 'leave') return connection.outcome('left');
    return connection.outcome(await connection.end());
  } finally {
    connection.destroy();
  }
}

class Connection {
  private readonly socket: Socket;
  private readonly reader: AnswerReader;
  private closed = false;
  private wake: () => void = () => undefined;

  constructor(
    port: number,
    private readonly shot: Shot,
  ) {
    this.reader = new AnswerReader(shot.method === 'HEAD');
    this.socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => {
      this.reader.read(chunk);
      this.wake();
    });
    const onEnd = (): void => {
      this.closed = true;
      this.reader.end();
      this.wake();
    };
    this.socket.on('end', onEnd).on('close', onEnd);
    // A reset is an end like others.
    this.socket.on('error', onEnd);
  }

  async send(): Promise<void> {
    for (const { bytes, pauseMs } of this.shot.parts) {
      if (this.closed) return;
      await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }

  /** Until all answers are there, or the other side has ended the connection, or it is clear that neither will come. */
  async end(): Promise<Outcome['end']> {
    const since = performance.now();
    for (;;) {
      if (this.reader.answers.length >= this.shot.requests || this.reader.isStreaming) return 'answered';
      if (this.closed) return this.reader.answers.length > 0 ? 'answered' : 'closed';
      const passedMs = performance.now() - since;
      if (this.shot.mayWait && passedMs > PATIENCE_MS) return 'left';
      // How many answers are due is not known where requests are garbled.
      const isEnough = this.shot.wants === 'anything' && this.reader.answers.length > 0;
      if (isEnough && passedMs > PATIENCE_MS) return 'answered';
      if (passedMs > SILENCE_LIMIT_MS) return 'silent';
      const timer = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => (this.wake = resolve)),
        sleep(POLL_MS, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    }
  }

  outcome(end: Outcome['end']): Outcome {
    return { answers: this.reader.answers, rest: this.reader.rest, end };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

interface Pending {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly isChunked: boolean;
  readonly length: number | undefined;
  readonly isStream: boolean;
}

/** Reads the answers on one connection. */
class AnswerReader {
  readonly answers: WireAnswer[] = [];
  private bytes: Buffer = Buffer.alloc(0);
  private pending: Pending | undefined;
  private broken = false;

  constructor(private readonly isHead: boolean) {}

  get isStreaming(): boolean {
    return this.pending?.isStream === true;
  }

  /** What is no answer, or no whole one. */
  get rest(): string {
    if (this.isStreaming) return '';
    const head = this.pending === undefined ? '' : `(${this.pending.status}, cut off) `;
    return head !== '' || this.bytes.length > 0 ? `${head}${this.bytes.subarray(0, 300).toString('latin1')}` : '';
  }

  read(chunk: Buffer): void {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    while (!this.broken && this.step());
  }

  /** A body without a length lasts until the end. */
  end(): void {
    const { pending } = this;
    if (pending === undefined || pending.isStream || pending.isChunked || pending.length !== undefined) return;
    this.finish(pending, this.bytes);
    this.bytes = Buffer.alloc(0);
  }

  private step(): boolean {
    const { pending } = this;
    if (pending === undefined) return this.readHead();
    if (pending.isStream) return false;
    const taken = pending.isChunked ? readChunks(this.bytes) : readLength(this.bytes, pending.length);
    if (taken === undefined) return false;
    this.bytes = this.bytes.subarray(taken.end);
    this.finish(pending, taken.body);
    return this.bytes.length > 0;
  }

  private readHead(): boolean {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end === -1) return false;
    const [first = '', ...lines] = this.bytes.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (Number.isNaN(status)) {
      this.broken = true;
      return false;
    }
    this.bytes = this.bytes.subarray(end + 4);
    if (status < 200) return this.bytes.length > 0;
    const headers = new Map(
      lines.map((text) => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]),
    );
    const isEmpty = status === 204 || status === 304 || (this.isHead && this.answers.length === 0);
    const length = headers.get('content-length');
    this.pending = {
      status,
      headers,
      isChunked: !isEmpty && headers.get('transfer-encoding') === 'chunked',
      length: isEmpty ? 0 : length === undefined ? undefined : Number(length),
      isStream: /event-stream|ndjson/.test(headers.get('content-type') ?? ''),
    };
    if (this.pending.isStream) this.answers.push({ status, headers, body: Buffer.alloc(0), isStream: true });
    return true;
  }

  private finish({ status, headers, isStream }: Pending, body: Buffer): void {
    this.answers.push({ status, headers, body: Buffer.from(body), isStream });
    this.pending = undefined;
  }
}

interface Taken {
  readonly body: Buffer;
  readonly end: number;
}

function readLength(bytes: Buffer, length: number | undefined): Taken | undefined {
  if (length === undefined || bytes.length < length) return undefined;
  return { body: bytes.subarray(0, length), end: length };
}

function readChunks(bytes: Buffer): Taken | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const from = lineEnd + 2;
    if (Number.isNaN(size) || bytes.length < from + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: from + 2 };
    parts.push(bytes.subarray(from, from + size));
    at = from + size + 2;
  }
}
