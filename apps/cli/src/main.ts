#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { PolicyFileError } from '#berth/placement';
import { Command } from 'commander';
import { addAuditCommand } from './audit.command.js';
import { addExportCommand } from './export.command.js';
import { addImportCommand } from './import.command.js';
import { addMigrateCommand } from './migrate.command.js';
import { addPolicyCommand } from './policy.command.js';
import { Refusal } from './refusal.js';
import { addServeCommand } from './serve.command.js';
import { addTokenCommand } from './token.command.js';
import { addVerifySchemaCommand } from './verify-schema.command.js';

const say = (line: string): void => {
  process.stdout.write(`Berth: ${line}\n`);
};

// A closed terminal or pipe must not end the supervisor before it has stopped what it started.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const program = new Command('berth')
  .description('Berth, a resource-provider placement service')
  .version(versionOfPackage());
addServeCommand(program, say);
addMigrateCommand(program, say);
addVerifySchemaCommand(program, say);
addPolicyCommand(program);
addTokenCommand(program);
addAuditCommand(program, say);
addExportCommand(program, versionOfPackage());
addImportCommand(program, say);

try {
  await program.parseAsync();
} catch (error) {
  const shown =
    error instanceof Refusal || error instanceof PolicyFileError
      ? error.message
      : error instanceof Error
        ? error.stack
        : String(error);
  process.stderr.write(`Berth: ${shown}\n`);
  process.exitCode = 1;
}

function versionOfPackage(): string {
  const file = new URL('../../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
