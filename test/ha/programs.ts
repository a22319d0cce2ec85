import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What each program is called, where Debian puts it, and in which package it is. */
const PROGRAMS = {
  etcd: { places: ['/usr/bin'], file: 'etcd', package: 'etcd-server' },
  patroni: { places: ['/usr/bin'], file: 'patroni', package: 'patroni' },
  haproxy: { places: ['/usr/sbin'], file: 'haproxy', package: 'haproxy' },
  pgbouncer: { places: ['/usr/sbin'], file: 'pgbouncer', package: 'pgbouncer' },
  postgres: { places: ['/usr/lib/postgresql/15/bin'], file: 'postgres', package: 'postgresql-15' },
} as const;

export type Program = keyof typeof PROGRAMS;

/** Where the programs are. Throws with the packages to install if some are missing. */
export function findPrograms(wanted: readonly Program[]): Readonly<Record<string, string>> {
  const path = (process.env.PATH ?? '').split(delimiter);
  const found = wanted.map((name) => {
    const { places, file } = PROGRAMS[name];
    return [name, [...places, ...path].map((place) => join(place, file)).find((one) => existsSync(one))] as const;
  });
  const missing = found.flatMap(([name, file]) => (file === undefined ? [PROGRAMS[name].package] : []));
  if (missing.length > 0) {
    throw new Error(
      `missing: ${missing.join(', ')}; on Debian: apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  }
  return Object.fromEntries(found.map(([name, file]) => [name, file ?? '']));
}
