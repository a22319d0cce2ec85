import type { AuditPage, Finding } from '#berth/domain';
import type { Portion } from '#berth/store';

/**
 * Goes along a list from behind `first`, portion by portion, until `read` answers undefined: there is no more. `toFinding` answers
 * undefined for a row that is as it should be.
 */
export async function* walk<Place, Row>(
  first: Place,
  read: (after: Place) => Promise<Portion<Place, Row> | undefined>,
  toFinding: (row: Row) => Finding | undefined,
): AsyncGenerator<AuditPage> {
  for (let portion = await read(first); portion !== undefined; portion = await read(portion.last)) {
    yield { scanned: portion.scanned, findings: portion.found.flatMap((row) => toFinding(row) ?? []) };
  }
}
