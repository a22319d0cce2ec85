import type { ChildProcess } from 'node:child_process';

/** What a worker wrote before it died is read by then, that it took a connection for one: ms. */
const LAST_WORDS_MS = 500;

/** A connection on its way, as node:cluster hands it over. */
interface Handle {
  close(): void;
}

/** What node:cluster says to a worker with a connection, and what the worker says when it took it or would not. */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

type Send = (message: ClusterMessage, handle?: Handle, ...rest: unknown[]) => boolean;

/**
 * Closes the connections that a worker was handed and had not taken when it died. The supervisor holds each of them
 * until the worker says that it took it; node:cluster forgets to let go when that word never comes, and the client
 * would wait for ever on a connection that is neither answered nor broken.
 */
export function closeWhatDiesOnTheWay(worker: ChildProcess): void {
  const onTheWay = new Map<unknown, Handle>();
  const send = worker.send.bind(worker) as unknown as Send;
  const sendAndRemember: Send = (message, handle, ...rest) => {
    if (handle !== undefined && message.cmd === 'NODE_CLUSTER' && message.act === 'newconn') {
      onTheWay.set(message.seq, handle);
    }
    return send(message, handle, ...rest);
  };
  worker.send = sendAndRemember as unknown as ChildProcess['send'];
  worker.on('internalMessage', (message: ClusterMessage) => onTheWay.delete(message.ack));
  // Not 'disconnect': it does not come when the worker died with messages unread.
  worker.once('exit', () => {
    const letGo = (): void => {
      for (const handle of onTheWay.values()) handle.close();
      onTheWay.clear();
    };
    setTimeout(letGo, LAST_WORDS_MS).unref();
  });
}
