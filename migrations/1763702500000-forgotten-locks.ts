import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cluster locks that nobody has used for long are forgotten. `forgotten` is the newest exclusive hold that went with them: a
 * lock that is named again in the lockspace begins with it, so that nobody who comes back takes the lock for unchanged.
 */
export class ForgottenLocks1763702500000 implements MigrationInterface {
  name = 'ForgottenLocks1763702500000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table lockspaces add column forgotten bigint not null default 0');
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only: restore a backup instead');
  }
}
