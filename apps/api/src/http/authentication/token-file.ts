import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError } from '../../environment.js';
import type { Identity } from '../identity.js';

/** A token that is accepted, by the digest of it. */
export interface AcceptedToken {
  /** SHA-256, 32 bytes. */
  readonly digest: Buffer;
  readonly identity: Identity;
}

/** Written by all but the owner, or read by those who are neither the owner nor of its group. */
const FOREIGN_ACCESS = 0o027;

/** Each request looks at all of them: for more people and services there is Keystone. */
const MAX_TOKENS = 1_000;

const MAX_FILE_BYTES = 1024 * 1024;

const KEYS = ['user', 'project', 'roles', 'sha256'];

/** Reads and checks a file of tokens, all or nothing. Throws ConfigError, whose one line names file and entry. */
export function readTokenFile(path: string): AcceptedToken[] {
  const text = readGuarded(path);
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    // The rest of the message shows the lines around it.
    const [line = ''] = error.message.split('\n');
    throw refusal(path, line.replace(/:$/, ''));
  }
  const root = document.toJS() as unknown;
  const listed = isRecord(root) && Object.keys(root).length === 1 ? root.tokens : undefined;
  if (!Array.isArray(listed)) throw refusal(path, 'expected one key, tokens, with a list');
  if (listed.length > MAX_TOKENS) throw refusal(path, `${listed.length} tokens, expected ${MAX_TOKENS} at most`);
  const tokens = listed.map((entry: unknown, index) => readEntry(path, `tokens[${index}]`, entry));
  const digests = new Set(tokens.map(({ digest }) => digest.toString('hex')));
  if (digests.size < tokens.length) throw refusal(path, 'the same sha256 stands there twice');
  return tokens;
}

/** Looks at the very file that is read: between two looks at a name it may become another one. */
function readGuarded(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { mode, size } = fstatSync(file);
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & FOREIGN_ACCESS) !== 0) {
      const shown = (mode & 0o777).toString(8);
      throw refusal(path, `others may read or change it (mode ${shown}): chmod 640 it, or 600`);
    }
    if (size > MAX_FILE_BYTES) throw refusal(path, `${size} bytes, expected ${MAX_FILE_BYTES} at most`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw refusal(path, (error as Error).message);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readEntry(path: string, where: string, entry: unknown): AcceptedToken {
  if (!isRecord(entry)) throw refusal(path, `${where}: expected ${KEYS.join(', ')}`);
  const stranger = Object.keys(entry).find((key) => !KEYS.includes(key));
  if (stranger !== undefined) throw refusal(path, `${where}.${stranger}: there is no such key`);
  const { user, project, roles, sha256 } = entry;
  if (!isText(user)) throw refusal(path, `${where}.user: expected a name`);
  if (project !== undefined && !isText(project)) throw refusal(path, `${where}.project: expected an id in quotes`);
  if (!Array.isArray(roles) || !roles.every(isText)) throw refusal(path, `${where}.roles: expected a list of names`);
  // The value is not shown: somebody may have put the token itself there.
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw refusal(path, `${where}.sha256: expected 64 hexadecimal digits in quotes; berth token new prints them`);
  }
  return {
    digest: Buffer.from(sha256, 'hex'),
    identity: { user, project, roles: new Set(roles.map((role) => role.toLowerCase())), scope: 'project' },
  };
}

function refusal(path: string, problem: string): ConfigError {
  return new ConfigError(`BERTH_TOKENS_FILE: ${path}: ${problem}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
