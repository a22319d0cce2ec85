/** Why work for a client ended: there is nobody who waits for it any more. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone');
  }
}
