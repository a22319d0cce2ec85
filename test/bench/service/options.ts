import { parseArgs } from 'node:util';
import { WORKLOADS } from '../workload/workloads.js';

export interface Options {
  readonly url: string | undefined;
  readonly serverPid: number | undefined;
  readonly databasePid: number | undefined;
  readonly token: string;
  readonly minor: number;
  readonly peer: PeerOptions | undefined;
  readonly hosts: readonly number[];
  readonly nestedTrees: number;
  readonly wideTrees: number;
  readonly storedAllocations: number;
  /** Worlds of the own server go straight into its database, and making them is not measured. */
  readonly seedBySql: boolean;
  readonly workloads: readonly string[];
  readonly concurrency: readonly number[];
  readonly seconds: number;
  readonly maxSteps: number;
  readonly rounds: number;
  readonly workers: string | undefined;
  readonly generators: number;
  readonly out: string;
  readonly selfTest: boolean;
  readonly help: boolean;
}

export interface PeerOptions {
  readonly url: string;
  readonly token: string;
  readonly minor: number;
  readonly serverPid: number | undefined;
  readonly databasePid: number | undefined;
}

export const USAGE = `npm run bench -- [options]

  --hosts 1000,10000     sizes of the flat fleet
  --trees 1000           trees of the nested world; the wide world has a fifth of that
  --only W1,W4           workloads: ${WORKLOADS.map(({ id }) => id).join(' ')}
  --concurrency 1,16,64  requests under way at once
  --seconds 5            of measuring a cell (a workload at a size and a concurrency)
  --workers n            processes of the own server (BERTH_WORKERS)
  --generators 1         processes that send requests
  --seed http            how worlds are made: http, which is measured, or sql, straight into the database of the
                         own server, for large fleets
  --out dir              where results go (bench-results)
  --quick                small worlds and short cells: does it run at all?
  --url http://…         measure a running server instead of an own one; --token, --version 1.39,
                         --server-pid and --db-pid so that its processor time can be told
  --peer http://…        a second server, measured in turns with the first; --peer-token, --peer-version 1.39,
                         --peer-server-pid, --peer-db-pid
  --self-test            checks the arithmetic of the benchmark itself
`;

/** Cells are limited in number of steps as well as in time: the claims of a run must fit into the fleet. */
const MAX_STEPS = 200_000;

/** With a peer, a cell is cut into so many turns each, so that what disturbs the machine disturbs both. */
const ROUNDS_WITH_PEER = 4;

/** Wide trees are dear to make and a few say as much. */
const TREES_PER_WIDE = 5;

/** The first version in which trees can be asked for. */
const LEAST_MINOR = 29;
const MOST_MINOR = 39;

/** Reads the command line. Throws an error of one line that names what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ url: text, 'server-pid': text, 'db-pid': text, token: text, version: text },
      ...{ peer: text, 'peer-token': text, 'peer-version': text, 'peer-server-pid': text, 'peer-db-pid': text },
      ...{
        hosts: text,
        trees: text,
        only: text,
        concurrency: text,
        seconds: text,
        workers: text,
        generators: text,
        out: text,
        seed: text,
      },
      ...{ quick: flag, 'self-test': flag, help: flag },
    },
  });
  const quick = values.quick;
  const seconds = Number(values.seconds ?? (quick ? 1 : 5));
  if (!(seconds > 0 && seconds <= 600)) throw new Error(`--seconds ${values.seconds}: from 0.1 to 600`);
  const trees = integer('--trees', values.trees ?? (quick ? '20' : '1000'));
  return {
    url: address('--url', values.url),
    serverPid: optional('--server-pid', values['server-pid']),
    databasePid: optional('--db-pid', values['db-pid']),
    token: values.token ?? 'admin',
    minor: version('--version', values.version),
    peer: values.peer === undefined ? undefined : peerOptions(values),
    hosts: integers('--hosts', values.hosts ?? (quick ? '100' : '1000,10000')),
    nestedTrees: trees,
    wideTrees: Math.ceil(trees / TREES_PER_WIDE),
    storedAllocations: quick ? 10_000 : 1_000_000,
    seedBySql: seedsBySql(values.seed, values.url ?? values.peer),
    workloads: chosen(values.only),
    concurrency: integers('--concurrency', values.concurrency ?? (quick ? '1,4' : '1,16,64')),
    seconds,
    maxSteps: MAX_STEPS,
    rounds: values.peer === undefined ? 1 : ROUNDS_WITH_PEER,
    workers: values.workers,
    generators: integer('--generators', values.generators ?? '1'),
    out: values.out ?? 'bench-results',
    selfTest: values['self-test'],
    help: values.help,
  };
}

function peerOptions(values: Readonly<Record<string, string | boolean | undefined>>): PeerOptions {
  const value = (name: string): string | undefined => {
    const given = values[name];
    return typeof given === 'string' ? given : undefined;
  };
  return {
    url: address('--peer', value('peer')) ?? '',
    token: value('peer-token') ?? value('token') ?? 'admin',
    minor: version('--peer-version', value('peer-version')),
    serverPid: optional('--peer-server-pid', value('peer-server-pid')),
    databasePid: optional('--peer-db-pid', value('peer-db-pid')),
  };
}

function seedsBySql(way = 'http', foreign: string | undefined): boolean {
  if (way !== 'http' && way !== 'sql') throw new Error(`--seed ${way}: there are http, sql`);
  if (way === 'sql' && foreign !== undefined) throw new Error('--seed sql: only for the own server alone');
  return way === 'sql';
}

function chosen(only: string | undefined): string[] {
  const known = WORKLOADS.map(({ id }) => id);
  if (only === undefined) return known;
  const asked = only.split(',').map((id) => id.trim());
  const unknown = asked.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${known.join(', ')}`);
  return known.filter((id) => asked.includes(id));
}

function address(name: string, value: string | undefined): string | undefined {
  if (value === undefined || /^https?:\/\/./.test(value)) return value;
  throw new Error(`${name} ${value}: expected http://…`);
}

function version(name: string, value = `1.${MOST_MINOR}`): number {
  const minor = Number(/^1\.(\d{1,2})$/.exec(value)?.[1]);
  if (minor >= LEAST_MINOR && minor <= MOST_MINOR) return minor;
  throw new Error(`${name} ${value}: from 1.${LEAST_MINOR} to 1.${MOST_MINOR}`);
}

function optional(name: string, value: string | undefined): number | undefined {
  return value === undefined ? undefined : integer(name, value);
}

function integer(name: string, value: string): number {
  if (/^[1-9]\d{0,6}$/.test(value.trim())) return Number(value);
  throw new Error(`${name} ${value}: expected a whole number from 1`);
}

function integers(name: string, value: string): number[] {
  return [...new Set(value.split(',').map((each) => integer(name, each)))].sort((one, other) => one - other);
}
