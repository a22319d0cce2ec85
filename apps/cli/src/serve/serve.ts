import type { CliConfig } from '../config.js';
import { bringUpToDate, withDatabase, type Database, type Say } from '../database.js';
import { ApiProcess, type Api } from './api-process.js';
import { ApiWorkers } from './api-workers.js';
import { hangupMeansStop } from './hangup.js';
import { demandFinishedImport } from '../transfer/transfer-rooms.js';
import { waitForFreePort } from './free-port.js';
import { listenForStop, type StopRequest } from './stop-request.js';

/** A Berth that died may have left an API that is still finishing its requests. */
const PORT_LIMIT_AFTER_CRASH_MS = 15_000;
/** After a clean stop the port is free at once. */
const PORT_LIMIT_MS = 1_000;

/**
 * Runs the service until it is told to stop: database, schema, then the API as a process of its own, watched. Everything
 * is stopped in the opposite order. Answers the exit code: 0 after a wished end, 1 if a part of it failed.
 */
export async function serve(config: CliConfig, say: Say): Promise<number> {
  const stop = listenForStop(hangupMeansStop());
  // Before there is an API, nobody has read a file that could be read again; it must not end us all the same.
  process.on('SIGHUP', () => undefined);
  return await withDatabase(config, say, async (database) => {
    if (stop.asked) return 0;
    await bringUpToDate(database.directUrl, say);
    await demandFinishedImport(database.directUrl);
    await waitForFreePort(config.host, config.port, database.adopted ? PORT_LIMIT_AFTER_CRASH_MS : PORT_LIMIT_MS);
    if (stop.asked) return 0;
    return await runApi(config, database, stop, say);
  });
}

async function runApi(config: CliConfig, database: Database, stop: StopRequest, say: Say): Promise<number> {
  const { host, port, workers, drainDelayMs } = config;
  const options = { databaseUrl: database.url, host, port, drainDelayMs };
  const api: Api = workers === 1 ? new ApiProcess(options) : new ApiWorkers(options, workers, say);
  if (!stop.byHangup) process.on('SIGHUP', () => api.reload());
  const lostDatabase = new Promise<Error>((resolve) => database.watch(resolve));
  const url = `${config.tls ? 'https' : 'http'}://${reachable(host)}:${port}`;
  void api.isListening(url).then((listening) => {
    if (listening) say(`listening on ${url}`);
  });
  const cause = await Promise.race([api.ended, lostDatabase, stop.first]);
  if (typeof cause === 'string') {
    if (stop.asked) return 0;
    say(`the API ended by itself (${cause})`);
    return 1;
  }
  if (cause instanceof Error) say(cause.message);
  else say('stopping …');
  const end = await api.stop(stop.second);
  if (end !== 'exit code 0') say(`the API did not end cleanly (${end})`);
  return cause instanceof Error || end !== 'exit code 0' ? 1 : 0;
}

/** An address that means "all of them" is none to connect to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
