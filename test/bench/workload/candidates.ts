import { physicalNetworks } from '../world/nested.js';
import { traitName, type World } from '../world/world.js';
import type { Reply } from '../load/reply-reader.js';
import { claim } from './claims.js';
import { isOk, type Workload } from './workload.js';

const AMOUNTS = 'resources=VCPU:2,MEMORY_MB:2048,DISK_GB:20';

/** Searches for candidates, and the whole way of an instance. */
export const candidateWorkloads: readonly Workload[] = [
  search('W1', 'candidates, limit 1000', 'flat', 24, (world) => `${flatQuery(world)}&limit=1000`),
  search('W2', 'candidates, limit 10', 'flat', 24, (world) => `${flatQuery(world)}&limit=10`),
  search('W3', 'candidates NUMA + 2 VF, same subtree, isolate, limit 100', 'nested', 36, numaQuery),
  search('W10', 'candidates 4 VF of equal children, isolate, limit 100', 'wide', 29, wideQuery),
  {
    id: 'W8',
    title: 'candidates → claim → delete, three requests',
    world: 'flat',
    since: 28,
    prepare: (scene) => {
      const path = `/allocation_candidates?${flatQuery(scene.world)}&limit=10`;
      return async (connection) => {
        const found = await connection.call({ method: 'GET', path });
        if (!isOk(found)) return found;
        const { allocation_requests: requests } = JSON.parse(found.body.toString()) as Candidates;
        const chosen = requests[Math.floor(scene.random() * requests.length)];
        if (chosen === undefined) return nothingFound(found);
        const consumer = scene.newConsumer(false);
        const claimed = await connection.call(claim(consumer, chosen.allocations, scene.minor));
        if (!isOk(claimed)) return claimed;
        return await connection.call({ method: 'DELETE', path: `/allocations/${consumer}` });
      };
    },
  },
];

export interface Candidates {
  readonly allocation_requests: readonly { readonly allocations: Readonly<Record<string, unknown>> }[];
}

function search(
  id: string,
  title: string,
  world: Workload['world'],
  since: number,
  query: (world: World) => string,
): Workload {
  return {
    id,
    title,
    world,
    since,
    prepare: async ({ world: built, aside }) => {
      const path = `/allocation_candidates?${query(built)}`;
      // A search that finds nothing costs nothing: its figures would be a lie.
      const trial = await aside.call({ method: 'GET', path });
      if (!isOk(trial)) throw new Error(`${id}: ${trial.status} ${trial.body.toString().slice(0, 300)}`);
      const { allocation_requests: requests } = JSON.parse(trial.body.toString()) as Candidates;
      if (requests.length === 0) throw new Error(`${id}: no candidates in a world that has room`);
      return (connection) => connection.call({ method: 'GET', path });
    },
  };
}

/** One required trait that four of five hosts have. */
export function flatQuery({ plan }: World): string {
  return `${AMOUNTS}&required=${traitName(plan, 'COMMON')}`;
}

/** A NUMA node and a function of each network that hang on it. */
function numaQuery({ plan }: World): string {
  const [one, other] = physicalNetworks(plan);
  return [
    'resources_NUMA=VCPU:4,MEMORY_MB:4096',
    'required_NUMA=HW_NUMA_ROOT',
    `resources_PORT1=SRIOV_NET_VF:1&required_PORT1=${one}`,
    `resources_PORT2=SRIOV_NET_VF:1&required_PORT2=${other}`,
    'same_subtree=_NUMA,_PORT1,_PORT2',
    'group_policy=isolate',
    'limit=100',
  ].join('&');
}

function wideQuery(): string {
  const ports = [1, 2, 3, 4].map((port) => `resources${port}=SRIOV_NET_VF:1`).join('&');
  return `resources=VCPU:2,MEMORY_MB:2048&${ports}&group_policy=isolate&limit=100`;
}

export function nothingFound(reply: Reply): Reply {
  return { ...reply, status: 500, body: Buffer.from('no candidates in a world that has room') };
}
