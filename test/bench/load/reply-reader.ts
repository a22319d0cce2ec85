export interface Reply {
  readonly status: number;
  readonly body: Buffer;
  /** The server said that it closes the connection after this. */
  readonly closes: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/** Cuts the bytes of a connection into replies of HTTP/1.1; nothing but what a Placement server sends. */
export class ReplyReader {
  private chunks: Buffer[] = [];
  private received = 0;
  /** How many bytes there must be before it is worth to look again. */
  private wanted = 1;

  constructor(private readonly deliver: (reply: Reply) => void) {}

  /** Takes the next bytes, and delivers the reply that they complete. */
  take(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.received < this.wanted) return;
    const all = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    const found = readReply(all);
    if (typeof found === 'number') {
      this.chunks = [all];
      this.wanted = found;
      return;
    }
    this.reset();
    this.deliver(found);
  }

  reset(): void {
    this.chunks = [];
    this.received = 0;
    this.wanted = 1;
  }
}

/** The reply, or the number of bytes that it needs at least. */
function readReply(all: Buffer): Reply | number {
  const headEnd = all.indexOf(HEAD_END);
  if (headEnd === -1) return all.length + 1;
  const head = all.toString('latin1', 0, headEnd).toLowerCase();
  const status = Number(head.slice(9, 12));
  const closes = head.includes('\r\nconnection: close');
  const start = headEnd + HEAD_END.length;
  if (head.includes('\r\ntransfer-encoding: chunked')) {
    const body = readChunks(all, start);
    return typeof body === 'number' ? body : { status, body, closes };
  }
  const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
  if (all.length < start + length) return start + length;
  return { status, body: all.subarray(start, start + length), closes };
}

/** The body behind `start`, or the number of bytes that are needed at least. */
function readChunks(all: Buffer, start: number): Buffer | number {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = all.indexOf(LINE_END, at);
    if (lineEnd === -1) return all.length + 1;
    const size = Number.parseInt(all.toString('latin1', at, lineEnd), 16);
    const from = lineEnd + LINE_END.length;
    const next = from + size + LINE_END.length;
    if (all.length < next) return next;
    if (size === 0) return Buffer.concat(parts);
    parts.push(all.subarray(from, from + size));
    at = next;
  }
}
