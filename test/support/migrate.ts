import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './project.js';

/** Brings the database up to date as the built `berth migrate` does. Rejects with what that said if it fails. */
export async function migrate(url: string): Promise<void> {
  const { BERTH_TEST_ADMIN_URL: _admin, BERTH_TEST_TEMPLATE: _template, ...env } = process.env;
  const main = join(PROJECT, 'dist/apps/cli/src/main.js');
  await promisify(execFile)(process.execPath, [main, 'migrate'], { env: { ...env, DATABASE_URL: url } });
}
