import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';

@Entity('lockspaces')
@Unique('lockspaces_name_key', ['name'])
export class LockspaceEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'lockspaces_pkey',
  })
  id!: number;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ type: 'boolean', default: false })
  draining!: boolean;

  @Column({ name: 'lease_ms', type: 'integer' })
  leaseMs!: number;

  @Column({ name: 'grace_ms', type: 'integer' })
  graceMs!: number;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'bigint', default: 0 })
  forgotten!: string;
}

@Entity('cluster_lock_handles')
@Unique('cluster_lock_handles_owner_key', ['lockspaceId', 'name', 'owner'])
export class ClusterLockHandleEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'cluster_lock_handles_pkey' })
  id!: string;

  @Column({ name: 'lockspace_id', type: 'integer' })
  lockspaceId!: number;

  @ManyToOne(() => LockspaceEntity)
  @JoinColumn({ name: 'lockspace_id', foreignKeyConstraintName: 'cluster_lock_handles_lockspace_fkey' })
  lockspace!: Relation<LockspaceEntity>;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  owner!: string;

  @Column({ type: 'boolean' })
  prealloc!: boolean;

  @Column({ name: 'cache_read', type: 'boolean' })
  cacheRead!: boolean;

  @Column({ name: 'cache_write', type: 'boolean' })
  cacheWrite!: boolean;

  @Column({ name: 'use_semaphore', type: 'boolean' })
  useSemaphore!: boolean;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}
