import { expect } from '@jest/globals';
import { client, type Client } from '../support/http.js';
import { startServer } from '../support/server.js';
import { startWorkers } from '../support/workers.js';
import { workerAgents } from './worker-agent.js';

/** Two servers, each with a port of its own, or two workers behind one. */
export type Shape = 'servers' | 'workers';

/**
 * So many writers meet at one process. Their connections are there before: finding a worker's takes time, and a writer
 * that is still doing so would come late to the meeting.
 */
const WRITERS_AT_ONE = 12;

/** Two processes of the service on one database. */
export interface TwoProcesses {
  /** A client of one of the two, in turns. */
  at(index: number, version?: string): Client;
  /** Asks both to end; answers how they did, [0] or [0, 0] if all is well. */
  stop(): Promise<readonly (number | string | null)[]>;
}

/** Starts two processes, in the shape that the Jest project says. */
export function startTwoProcesses(databaseUrl: string): Promise<TwoProcesses> {
  const { berthRaceShape: shape } = globalThis as { readonly berthRaceShape?: Shape };
  if (shape === undefined) throw new Error('jest.config.mjs does not say in which shape the processes run');
  return shape === 'workers' ? twoWorkers(databaseUrl) : twoServers(databaseUrl);
}

async function twoServers(databaseUrl: string): Promise<TwoProcesses> {
  const servers = await Promise.all([1, 2].map(() => startServer({ databaseUrl })));
  return {
    at: (index, version = '1.39') => client(servers[index % servers.length]?.url ?? '', { version }),
    stop: () => Promise.all(servers.map((server) => server.stop())),
  };
}

async function twoWorkers(databaseUrl: string): Promise<TwoProcesses> {
  const workers = await startWorkers(databaseUrl, 2);
  const pids = workers.pids();
  const agents = workerAgents(pids);
  const at = (index: number, version = '1.39'): Client =>
    client(workers.url, { version, agent: agents[index % agents.length] });
  await Promise.all(
    Array.from({ length: WRITERS_AT_ONE * agents.length }, async (_, index) => await at(index).get('/')),
  );
  return {
    at,
    stop: async () => {
      for (const agent of agents) agent.destroy();
      const end = await workers.stop();
      // A worker that died and was replaced would have been asked nothing since.
      expect(workers.pids()).toEqual(pids);
      return [end];
    },
  };
}
