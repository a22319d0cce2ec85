import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Connections on which a body comes that is read as it comes, however long it takes. */
const connections = new WeakSet<Socket>();

/** Whether the time that a request may take does not count for the one that comes on this connection now. */
export function isReadAsItComes(socket: Socket): boolean {
  return connections.has(socket);
}

/**
 * Lets a body take its time, as long as some of it comes: where nothing came for `idleMs` although it was waited for, the
 * connection ends. What is here and not read yet is the service's delay, not the client's.
 */
export function readAsItComes(request: IncomingMessage, idleMs: number): void {
  const { socket } = request;
  connections.add(socket);
  let seen = socket.bytesRead;
  const look = setInterval(() => {
    const isMoving = socket.bytesRead !== seen || request.readableLength > 0;
    seen = socket.bytesRead;
    if (!isMoving && !request.complete) socket.destroy();
  }, idleMs).unref();
  const end = (): void => {
    clearInterval(look);
    connections.delete(socket);
  };
  request.once('close', end);
  socket.once('close', end);
}
