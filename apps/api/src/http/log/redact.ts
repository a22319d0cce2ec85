/** Names under which somebody might send what is nobody else's business, here or by mistake. */
const SECRET = /pass|secret|token|auth|credential|signature|key/i;

/** Kept when split by. A semicolon is one only before a name, as what would be behind it might be the rest of a secret. */
const SEPARATOR = /(&|;(?=[^&;=]*=))/;

/** More of a query says nothing more; some have thousands of uuids. In characters. */
const MAX_LENGTH = 2_048;

/** Longer, a name is no name: who sends a real token where names are believed would find it in the log. In characters. */
const MAX_NAME_LENGTH = 64;

/** How the tokens of Keystone begin that are encrypted by it. */
const FERNET = 'gAAAA';

/** A query string as it may be logged: without the values of what looks like a secret, and cut where it is too long. */
export function loggedQuery(query: string): string {
  return cut(SECRET.test(query) ? query.split(SEPARATOR).map(withoutSecret).join('') : query);
}

/** A text as it may be logged: cut where it is too long. */
export function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
}

/** The name of a user or project as it may be logged. Under `noauth` it is what came as the token. */
export function loggedName(name: string | undefined): string | undefined {
  if (name === undefined || (name.length <= MAX_NAME_LENGTH && !name.startsWith(FERNET))) return name;
  return '…';
}

function withoutSecret(pair: string): string {
  const equals = pair.indexOf('=');
  return equals !== -1 && SECRET.test(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=…` : pair;
}
