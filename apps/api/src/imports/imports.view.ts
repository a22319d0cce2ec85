import type { ImportedTree } from '#berth/placement';
import { toHttpError } from '../http/http-error.js';

/** How far an import is. */
export interface ImportCounts {
  done: number;
  failed: number;
  created: number;
  changed: number;
  removed: number;
}

/** Which line of the request is meant, and which tree if that is known. */
export interface Place {
  readonly line: number;
  rootUuid: string | undefined;
}

/** Source: docs/api/imports.md. */
export function appliedLine({ line, rootUuid }: Place, { created, changed, removed }: ImportedTree): string {
  return toLine({
    line,
    root_provider_uuid: rootUuid,
    outcome: 'applied',
    created: created.length,
    changed: changed.length,
    removed: removed.length,
  });
}

/** A tree that was refused, with what `PUT /provider_trees/{uuid}` would have answered. */
export function failedLine({ line, rootUuid }: Place, failure: unknown): string {
  const { status, message, code, reason, options } = toHttpError(failure);
  return toLine({
    line,
    root_provider_uuid: rootUuid ?? null,
    outcome: 'failed',
    error: { status, detail: message, code, reason: { code: reason, ...options.facts } },
  });
}

export function progressLine(counts: ImportCounts): string {
  return toLine({ progress: countsView(counts) });
}

/** The last line. `complete`: whether the whole request was read and each of its lines answered. */
export function summaryLine(counts: ImportCounts, complete: boolean): string {
  return toLine({ summary: { complete, ...countsView(counts) } });
}

function countsView({ done, failed, created, changed, removed }: ImportCounts): object {
  return { done, failed, created, changed, removed };
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
