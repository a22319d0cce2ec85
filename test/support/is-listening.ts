import { connect } from 'node:net';

/** Whether somebody takes connections on a port of 127.0.0.1. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    const tell = (listening: boolean) => (): void => {
      probe.destroy();
      resolve(listening);
    };
    probe.once('connect', tell(true)).once('error', tell(false));
  });
}
