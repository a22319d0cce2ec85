/**
 * Thrown by work that found another transaction's rows where it had read none, or none where it had read some.
 * The whole work runs again; the client couldn't know and isn't told.
 */
export class LostRace extends Error {}
