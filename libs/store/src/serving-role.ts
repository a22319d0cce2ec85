import pg from 'pg';
import type { DataSource } from 'typeorm';
import { isPrivilegeMissing } from './pg-errors.js';

/** The role that is to serve isn't there, or grants to it are not ours to give. */
export class ServingRoleError extends Error {}

/**
 * Lets `role` do what serving needs, and no more: read and write rows, now and in tables that later migrations of the
 * same owner make. It can neither change the schema nor read others. Run it as the owner of the schema; doing it again changes nothing.
 * Throws ServingRoleError where the role does not exist, or is the owner itself.
 */
export async function grantServing(dataSource: DataSource, role: string): Promise<void> {
  const found = (await dataSource.query(ROLE, [role])) as { isOwner: boolean; schema: string; database: string }[];
  const [place] = found;
  if (place === undefined) throw new ServingRoleError(`the role '${role}' does not exist; create it first`);
  if (place.isOwner) {
    throw new ServingRoleError(`the role '${role}' is the one that owns the schema; the one that serves is another`);
  }
  const [to, schema, database] = [role, place.schema, place.database].map((name) => pg.escapeIdentifier(name));
  await dataSource.transaction(async (tx) => {
    await tx.query(`grant connect on database ${database} to ${to}`);
    await tx.query(`grant usage on schema ${schema} to ${to}`);
    await tx.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${to}`);
    await tx.query(`revoke insert, update, delete on berth_migrations from ${to}`);
    await tx.query(`grant usage, select on all sequences in schema ${schema} to ${to}`);
    await tx.query(
      `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${to}`,
    );
    await tx.query(`alter default privileges in schema ${schema} grant usage, select on sequences to ${to}`);
  });
}

/** Runs what changes the schema; one who may not is told in a line who may. */
export async function asOwner<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isPrivilegeMissing(error)) throw error;
    throw new ServingRoleError(
      'the schema is not up to date, and the role of DATABASE_URL may not change it; run `berth migrate` as its owner',
      { cause: error },
    );
  }
}

const ROLE = `
select r.rolname = current_user as "isOwner", current_schema() as schema, current_database() as database
  from pg_roles r
 where r.rolname = $1`;
