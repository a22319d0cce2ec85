import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far an import has come (docs/moving.md). A row in `transfers` says that one is not finished, and what the database holds is
 * not to be served yet. `transfer_marks` says of each provider at which generation of the source it was copied.
 */
export class Transfers1763702400000 implements MigrationInterface {
  name = 'Transfers1763702400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `create table transfers (
         id integer not null,
         kind character varying(20) not null,
         source text not null,
         records bigint not null default 0,
         digest character varying(64) not null default '',
         created_at timestamp with time zone not null default now(),
         constraint transfers_pkey primary key (id),
         constraint transfers_one_check check (id = 1))`,
    );
    await queryRunner.query(
      `create table transfer_marks (
         uuid character varying(36) collate "C" not null,
         supply integer,
         demand integer,
         constraint transfer_marks_pkey primary key (uuid))`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only: restore a backup instead');
  }
}
