import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ReplyReader, type Reply } from './reply-reader.js';

export interface Address {
  readonly url: string;
  readonly token: string;
  /** `39` for version 1.39 of the API. */
  readonly minor: number;
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Asks for another version than the address says. */
  readonly minor?: number;
  /** Asks for the contract of Berth instead. */
  readonly berth?: true;
}

/** A candidates request of a server that is not fast, behind 63 others, takes that long. */
const REPLY_LIMIT_MS = 120_000;

/**
 * One keep-alive connection that carries one request at a time. It does as little as possible: what the generator uses
 * of the processor is missing to the service beside it.
 */
export class HttpConnection {
  private socket: Socket | undefined;
  private waiting: ((outcome: Reply | Error) => void) | undefined;
  private readonly reader = new ReplyReader((reply) => this.settle(reply));
  private readonly base: URL;
  private readonly prefix: string;
  private readonly headers: string;

  constructor(private readonly address: Address) {
    this.base = new URL(address.url);
    this.prefix = this.base.pathname.replace(/\/$/, '');
    this.headers = `Host: ${this.base.host}\r\nX-Auth-Token: ${address.token}\r\nAccept: application/json\r\n`;
  }

  /** Sends one request and answers the reply. Rejects when the connection breaks or the reply takes too long. */
  call({ method, path, body, berth, minor = this.address.minor }: Call): Promise<Reply> {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const length = body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: `;
    const size = body === undefined ? '' : `${Buffer.byteLength(payload)}\r\n`;
    const version = `OpenStack-API-Version: ${berth ? 'berth 1.0' : `placement 1.${minor}`}\r\n`;
    return new Promise((resolve, reject) => {
      this.waiting = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
      this.socket ??= this.open();
      this.socket.write(
        `${method} ${this.prefix}${path} HTTP/1.1\r\n${this.headers}${version}${length}${size}\r\n${payload}`,
      );
    });
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private open(): Socket {
    const secure = this.base.protocol === 'https:';
    const host = this.base.hostname.replace(/^\[|\]$/g, '');
    const port = Number(this.base.port || (secure ? 443 : 80));
    const socket = secure ? connectTls({ host, port, servername: host }) : connect({ host, port });
    socket.setNoDelay(true);
    socket.setTimeout(REPLY_LIMIT_MS, () => socket.destroy(new Error(`no reply within ${REPLY_LIMIT_MS} ms`)));
    let cause = new Error('the connection was closed');
    socket.on('data', (chunk: Buffer) => this.reader.take(chunk));
    socket.on('error', (error) => (cause = error));
    socket.on('close', () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.reader.reset();
      this.settle(cause);
    });
    return socket;
  }

  private settle(outcome: Reply | Error): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    if (!(outcome instanceof Error) && outcome.closes) this.close();
    waiting?.(outcome);
  }
}
