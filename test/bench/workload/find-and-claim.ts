import { flatQuery, nothingFound, type Candidates } from './candidates.js';
import { claim } from './claims.js';
import { isOk, type Workload } from './workload.js';

/** Candidates from which the client takes one. */
const LIMIT = 10;

/** The way of a new instance: where it could go, and the claim; in one request, and in two. */
export const findAndClaimWorkloads: readonly Workload[] = [
  inOne('W11', 'first'),
  inOne('W11r', 'random'),
  inOne('W11s', 'spread'),
  inOne('W11p', 'pack'),
  {
    id: 'W12',
    title: `find and claim in two requests, limit ${LIMIT}`,
    world: 'flat',
    since: 38,
    prepare: (scene) => {
      const path = `/allocation_candidates?${flatQuery(scene.world)}&limit=${LIMIT}`;
      return async (connection) => {
        const found = await connection.call({ method: 'GET', path });
        if (!isOk(found)) return found;
        const { allocation_requests: requests } = JSON.parse(found.body.toString()) as Candidates;
        const chosen = requests[Math.floor(scene.random() * requests.length)];
        if (chosen === undefined) return nothingFound(found);
        return await connection.call(claim(scene.newConsumer(true), chosen.allocations, scene.minor));
      };
    },
  },
];

function inOne(id: string, preference: string): Workload {
  return {
    id,
    title: `find and claim in one request, ${preference}`,
    world: 'flat',
    since: 39,
    contract: true,
    prepare: (scene) => {
      const query = Object.fromEntries(new URLSearchParams(flatQuery(scene.world)));
      const owner = { project_id: 'bench', user_id: 'bench', consumer_type: 'INSTANCE', consumer_generation: null };
      return (connection) => {
        const consumers = [{ consumer_uuid: scene.newConsumer(true), ...owner }];
        return connection.call({
          method: 'POST',
          path: '/claims',
          berth: true,
          body: { query, consumers, preference },
        });
      };
    },
  };
}
