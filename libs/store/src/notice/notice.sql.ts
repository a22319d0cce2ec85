import { statement } from '../sql.js';

/** Tells whoever listens on the channels, once the transaction is committed. The same twice is told once. */
export const notify = statement(
  'notice.notify',
  `select pg_notify(told.channel, told.payload) from unnest($1::text[], $2::text[]) as told (channel, payload)`,
);
