import type { Change } from '#berth/domain';
import type { ChangesPage, FollowedChange } from '#berth/placement';

/** Source: docs/api/changes.md. */
export function changesView({ changes, cursor }: ChangesPage): object {
  return { changes: changes.map(({ change }) => changeView(change)), cursor };
}

/** Changes as server-sent events, each with the cursor behind it. */
export function changeEvents(changes: readonly FollowedChange[]): string {
  return changes
    .map(({ change, cursor }) => `id: ${cursor}\nevent: change\ndata: ${JSON.stringify(changeView(change))}\n\n`)
    .join('');
}

/** What tells a client of events where it is, and that the connection is alive: it sees no event. */
export function cursorEvent(cursor: string): string {
  return `id: ${cursor}\n\n`;
}

function changeView(change: Change): object {
  const { id, atMs, kind, uuid, generation, deleted } = change;
  return { id, at: new Date(atMs).toISOString(), kind, uuid, generation, deleted, what: whatOf(change) };
}

/** What there is to be read again, in the words of the API's paths. */
function whatOf({ kind, deleted, shape }: Change): readonly string[] {
  if (deleted) return [];
  if (kind === 'consumer') return ['allocations'];
  return shape
    ? ['resource_provider', 'inventories', 'traits', 'aggregates']
    : ['inventories', 'usages', 'allocations'];
}
