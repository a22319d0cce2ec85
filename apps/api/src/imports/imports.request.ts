import { Invalid, REASONS } from '#berth/domain';
import type { WantedTree } from '#berth/placement';
import { HttpError } from '../http/http-error.js';
import { validateBody } from '../http/schema/index.js';
import { ImportTreeBody, toWantedTree } from '../http/schema/provider-tree.dto.js';
import type { TextLine } from '../http/text-lines.js';

/** A tree of a thousand providers has some 2 MB. */
export const LINE_LIMIT_BYTES = 4 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The tree that a line asks for. Throws Invalid, GenerationRequired, and 413 for a line that is too long. */
export function toImportedTree({ bytes }: TextLine): WantedTree {
  if (bytes === undefined) throw new HttpError(413, `A line has more than ${LINE_LIMIT_BYTES} bytes.`);
  const value = parse(bytes);
  const wrong = validateBody(ImportTreeBody, value);
  if (wrong !== undefined) throw new Invalid(`JSON does not validate: ${wrong}`, { reason: REASONS.bodyInvalid });
  const body = value as ImportTreeBody;
  return toWantedTree(body.root_provider_uuid ?? onlyRootOf(body), body);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new Invalid(`Malformed JSON: ${(cause as Error).message}`, { cause, reason: REASONS.bodyMalformed });
  }
}

function onlyRootOf({ providers }: ImportTreeBody): string {
  const [root, ...others] = providers.filter(({ parent_provider_uuid: parent }) => parent === null);
  if (root !== undefined && others.length === 0) return root.uuid;
  const count = others.length + (root === undefined ? 0 : 1);
  throw new Invalid(`${count} providers without a parent; without root_provider_uuid there has to be one.`, {
    reason: REASONS.treeMalformed,
  });
}
