import { stat } from 'node:fs/promises';
import { AUDITS, type AuditName, type ConsumerCriteria } from '#berth/domain';
import type { AuditCriteria } from '#berth/placement';
import { Refusal } from '../refusal.js';
import { readUuids, uuidKey } from './uuid-file.js';

/** The options as they stand on the command line. */
export interface AuditOptions {
  readonly fix?: boolean;
  readonly only?: string;
  readonly json?: boolean;
  readonly olderThan?: string;
  readonly type?: string;
  readonly liveConsumers?: string;
  readonly goneTrait?: string;
  readonly goneRoots?: string;
  readonly grace?: string;
}

/** What shall be looked for, and what becomes of it. */
export interface AuditRequest {
  readonly names: readonly AuditName[];
  readonly fix: boolean;
  readonly json: boolean;
  readonly criteria: AuditCriteria;
}

const CONSUMERS: AuditName = 'unconfirmed-consumers';

const DEFAULT_TRAIT = 'CUSTOM_GONE';
const DEFAULT_GRACE_SECONDS = 60;
/** A week, as the service's own retention. */
const DEFAULT_UNUSED_SECONDS = 604_800;

/**
 * Whoever makes a list of what is alive does not see what begins in that moment, and files are copied: who was written in so
 * long before the file is not judged by it. s.
 */
const LIST_MARGIN_SECONDS = 3_600;

/**
 * Checks the options and reads the files that they name. Consumers are looked at only where `--only` names them, and with a
 * criterion: an age that is meant for locks must not end servers. Throws a Refusal.
 */
export async function readAuditRequest(options: AuditOptions): Promise<AuditRequest> {
  const named = options.only === undefined ? undefined : readNames(options.only);
  const names = AUDITS.filter((name) => named?.has(name) ?? name !== CONSUMERS);
  const olderThan = options.olderThan === undefined ? undefined : secondsOf('--older-than', options.olderThan);
  if (options.goneTrait !== undefined && options.goneRoots !== undefined) {
    throw new Refusal('--gone-trait and --gone-roots: one of the two');
  }
  return {
    names,
    fix: options.fix ?? false,
    json: options.json ?? false,
    criteria: {
      consumers: await readConsumers(options, names.includes(CONSUMERS), olderThan),
      gone:
        options.goneRoots === undefined
          ? { trait: options.goneTrait ?? DEFAULT_TRAIT }
          : { roots: (await readUuids(options.goneRoots)).uuids },
      leases: {
        graceSeconds: options.grace === undefined ? DEFAULT_GRACE_SECONDS : secondsOf('--grace', options.grace),
        unusedForSeconds: olderThan ?? DEFAULT_UNUSED_SECONDS,
      },
    },
  };
}

async function readConsumers(
  { liveConsumers, type }: AuditOptions,
  wanted: boolean,
  olderThan: number | undefined,
): Promise<ConsumerCriteria | undefined> {
  if (!wanted) {
    if (liveConsumers === undefined && type === undefined) return undefined;
    throw new Refusal(`--live-consumers and --type are for --only ${CONSUMERS}`);
  }
  const types = type?.split(',').filter((one) => one !== '');
  if (liveConsumers === undefined) {
    if (olderThan === undefined) throw new Refusal(`${CONSUMERS}: needs --older-than or --live-consumers`);
    return { unchangedForSeconds: olderThan, types, isLive: undefined };
  }
  const { keys, uuids } = await readUuids(liveConsumers);
  // Taken at its word, it would say that nothing lives any more.
  if (uuids.length === 0) throw new Refusal(`--live-consumers: ${liveConsumers} names nobody`);
  const age = Math.max(0, (Date.now() - (await stat(liveConsumers)).mtimeMs) / 1_000);
  return {
    unchangedForSeconds: age + (olderThan ?? LIST_MARGIN_SECONDS),
    types,
    isLive: (uuid) => keys.has(uuidKey(uuid)),
  };
}

function readNames(text: string): ReadonlySet<AuditName> {
  return new Set(
    text.split(',').map((one) => {
      const name = AUDITS.find((known) => known === one.trim());
      if (name === undefined) throw new Refusal(`--only: there is no audit '${one}'; known are ${AUDITS.join(', ')}`);
      return name;
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(option: string, text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Refusal(`${option}: '${text}', expected a time such as 90s, 45m, 12h or 30d`);
  return seconds;
}
