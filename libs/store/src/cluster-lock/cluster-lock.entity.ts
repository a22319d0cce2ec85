import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Unique,
} from 'typeorm';
import type { Relation } from 'typeorm';
import { LockspaceEntity } from './lockspace.entity.js';

@Entity('cluster_locks')
@Unique('cluster_locks_name_key', ['lockspaceId', 'name'])
export class ClusterLockEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'cluster_locks_pkey',
  })
  id!: string;

  @Column({ name: 'lockspace_id', type: 'integer' })
  lockspaceId!: number;

  @ManyToOne(() => LockspaceEntity)
  @JoinColumn({ name: 'lockspace_id', foreignKeyConstraintName: 'cluster_locks_lockspace_fkey' })
  lockspace!: Relation<LockspaceEntity>;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ name: 'last_exclusive', type: 'bigint', default: 0 })
  lastExclusive!: string;
}

@Entity('cluster_lock_owners')
@Index('cluster_lock_owners_held_idx', ['lockId'], { where: 'mode > 0' })
@Index('cluster_lock_owners_owner_idx', ['owner'])
@Index('cluster_lock_owners_request_idx', ['requestId'], { where: 'request_id IS NOT NULL' })
@Check('cluster_lock_owners_mode_check', 'mode between 0 and 3')
export class ClusterLockOwnerEntity {
  @PrimaryColumn({ name: 'lock_id', type: 'bigint', primaryKeyConstraintName: 'cluster_lock_owners_pkey' })
  lockId!: string;

  @ManyToOne(() => ClusterLockEntity)
  @JoinColumn({ name: 'lock_id', foreignKeyConstraintName: 'cluster_lock_owners_lock_fkey' })
  lock!: Relation<ClusterLockEntity>;

  @PrimaryColumn({
    type: 'character varying',
    length: 255,
    collation: 'C',
    primaryKeyConstraintName: 'cluster_lock_owners_pkey',
  })
  owner!: string;

  @Column({ type: 'smallint' })
  mode!: number;

  @Column({ type: 'bigint' })
  token!: string;

  @Column({ type: 'bigint' })
  seen!: string;

  @Column({ type: 'boolean', default: false })
  changed!: boolean;

  @Column({ type: 'boolean', default: false })
  cached!: boolean;

  @Column({ type: 'integer', default: 1 })
  uses!: number;

  @Column({ type: 'timestamp with time zone' })
  since!: Date;

  @Column({ name: 'expires_at', type: 'timestamp with time zone' })
  expiresAt!: Date;

  @Column({ name: 'ends_at', type: 'timestamp with time zone' })
  endsAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamp with time zone', nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'request_id', type: 'bigint', nullable: true })
  requestId!: string | null;
}
