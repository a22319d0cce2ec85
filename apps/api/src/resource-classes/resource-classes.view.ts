import type { ResourceClass } from '#berth/placement';

/** Source: spec resource_classes.md. `prefix` is where the service is mounted. */
export function resourceClassView({ name }: ResourceClass, prefix: string): object {
  return { name, links: [{ rel: 'self', href: `${prefix}/resource_classes/${name}` }] };
}

/** Source: spec resource_classes.md. */
export function resourceClassesView(classes: readonly ResourceClass[], prefix: string): object {
  return { resource_classes: classes.map((one) => resourceClassView(one, prefix)) };
}

/** When the latest of them changed, ms since the epoch. Source: spec http.md §7. */
export function resourceClassesChangedAt(classes: readonly ResourceClass[]): number | 'now' {
  if (classes.length === 0) return 'now';
  return classes.reduce((latest, { changedAtMs }) => Math.max(latest, changedAtMs), 0);
}
