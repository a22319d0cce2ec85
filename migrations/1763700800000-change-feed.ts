import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The log of changes becomes one that others can follow (docs/adr/0011): consumers have lines of their own beside those of
 * providers, and each line says whose it is even when that is gone. Both draw their ids from one sequence, while the row
 * lock of the provider or consumer is held: for each of them the ids rise in the order of the commits. The primary key
 * begins with the stamp, by which everybody reads, so that one index serves.
 */
export class ChangeFeed1763700800000 implements MigrationInterface {
  name = 'ChangeFeed1763700800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of [...PROVIDERS, ...CONSUMERS, ...MARKS]) await queryRunner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only: restore a backup instead');
  }
}

/** Lines come and go all the time: cleaning up must not wait until a fifth of an hour's lines are gone. */
const OFTEN_VACUUMED = `(autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000)`;

const PROVIDERS = [
  // A line about names of traits and classes has neither, and lines from before had none.
  `alter table supply_changes
     add column uuid character varying(36) collate "C",
     add column generation integer,
     add column deleted boolean not null default false`,
  `drop index supply_changes_stamp_idx`,
  `alter table supply_changes drop constraint supply_changes_pkey`,
  `alter table supply_changes add constraint supply_changes_pkey primary key (stamp, id)`,
  `alter table supply_changes set ${OFTEN_VACUUMED}`,
];

const CONSUMERS = [
  `create table consumer_changes (
     stamp bigint not null default txid_current(),
     id bigint not null,
     created_at timestamp with time zone not null default now(),
     generation integer not null,
     deleted boolean not null default false,
     uuid character varying(36) collate "C" not null,
     constraint consumer_changes_pkey primary key (stamp, id)) with ${OFTEN_VACUUMED}`,
  // The floor of the lines of consumers, beside that of providers.
  `insert into supply_changes_floor (id, stamp) values (2, 0)`,
];

/** Snapshots of the database's own past, every few seconds: where a follower who is behind can stop between two readings. */
const MARKS = [
  `create table change_marks (
     horizon bigint not null,
     snapshot text not null,
     created_at timestamp with time zone not null default now(),
     constraint change_marks_pkey primary key (horizon))`,
];
