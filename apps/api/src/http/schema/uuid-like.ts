const DASHED = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const BARE = /^[0-9a-f]{32}$/;

/** The 32 lower-case hex digits of a UUID-like spelling, or undefined (spec http.md §11). */
function hexDigits(value: string): string | undefined {
  const bare = value
    .replaceAll('urn:', '')
    .replaceAll('uuid:', '')
    .replace(/^[{}]+/, '')
    .replace(/(?<![{}])[{}]+$/, '')
    .replaceAll('-', '')
    .toLowerCase();
  return BARE.test(bare) ? bare : undefined;
}

/** Whether a body's string counts as a UUID: upper case, dash-less, `{…}` and `urn:uuid:…` do (spec http.md §11). */
export function isUuidLike(value: string): boolean {
  return DASHED.test(value) || hexDigits(value) !== undefined;
}

/** The lower-case dashed form of a UUID-like spelling; undefined if it is none (spec http.md §11). */
export function normalizeUuid(value: string): string | undefined {
  if (DASHED.test(value)) return value.toLowerCase();
  const hex = hexDigits(value);
  return hex?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
