import { request, type IncomingMessage } from 'node:http';

/** One server-sent event; without `data` it only says where the stream stands. */
export interface StreamEvent {
  readonly id: string;
  readonly data: unknown;
}

/** A stream of events that is being read. */
export interface EventStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** What is not a stream of events: the text of the answer. */
  readonly text: Promise<string>;
  /** All that came so far. */
  readonly events: readonly StreamEvent[];
  /** Ends when the server, or `close`, ends the stream; true: the server did it, and properly. */
  readonly ended: Promise<boolean>;
  /** Stops and goes on reading from the socket. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Asks for a stream of events; answers when the status is there. */
export function openEventStream(url: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { headers: { accept: 'text/event-stream', ...headers }, agent: false },
      (incoming) => {
        const events: StreamEvent[] = [];
        let rest = '';
        let whole = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          if (incoming.headers['content-type'] !== 'text/event-stream') whole += chunk;
          const blocks = (rest + chunk).split('\n\n');
          rest = blocks.pop() ?? '';
          events.push(...blocks.map(toEvent));
        });
        const ended = new Promise<boolean>((end) => {
          incoming.once('end', () => end(true));
          incoming.once('error', () => end(false));
          incoming.once('close', () => end(false));
        });
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: ended.then(() => whole),
          events,
          ended,
          pause: () => void incoming.pause(),
          resume: () => void incoming.resume(),
          close: () => void outgoing.destroy(),
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function toEvent(block: string): StreamEvent {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  return { id: field('id') ?? '', data: data === undefined ? undefined : JSON.parse(data) };
}
