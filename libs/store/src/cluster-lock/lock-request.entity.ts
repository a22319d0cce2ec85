import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ClusterLockEntity } from './cluster-lock.entity.js';

@Entity('cluster_lock_sessions')
export class ClusterLockSessionEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'cluster_lock_sessions_pkey' })
  id!: string;

  @Column({ name: 'alive_until', type: 'timestamp with time zone' })
  aliveUntil!: Date;
}

@Entity('cluster_lock_requests')
@Index('cluster_lock_requests_owner_idx', ['owner'])
export class ClusterLockRequestEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'cluster_lock_requests_pkey' })
  id!: string;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  owner!: string;

  @Column({ name: 'lease_ms', type: 'integer' })
  leaseMs!: number;

  @Column({ type: 'boolean' })
  counted!: boolean;

  @Column({ name: 'session_id', type: 'uuid', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'timestamp with time zone' })
  deadline!: Date;

  @Column({ type: 'integer' })
  wants!: number;
}

@Entity('cluster_lock_wants')
@Index('cluster_lock_wants_request_idx', ['requestId'])
export class ClusterLockWantEntity {
  @PrimaryColumn({ name: 'lock_id', type: 'bigint', primaryKeyConstraintName: 'cluster_lock_wants_pkey' })
  lockId!: string;

  @ManyToOne(() => ClusterLockEntity)
  @JoinColumn({ name: 'lock_id', foreignKeyConstraintName: 'cluster_lock_wants_lock_fkey' })
  lock!: Relation<ClusterLockEntity>;

  @PrimaryColumn({ name: 'request_id', type: 'bigint', primaryKeyConstraintName: 'cluster_lock_wants_pkey' })
  requestId!: string;

  @ManyToOne(() => ClusterLockRequestEntity)
  @JoinColumn({ name: 'request_id', foreignKeyConstraintName: 'cluster_lock_wants_request_fkey' })
  request!: Relation<ClusterLockRequestEntity>;

  @Column({ type: 'smallint' })
  mode!: number;

  @Column({ type: 'boolean' })
  cached!: boolean;

  @Column({ type: 'bigint', nullable: true })
  converts!: string | null;
}
