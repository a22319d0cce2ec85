import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Relation } from 'typeorm';

@Entity('lock_pools')
@Check('lock_pools_capacity_check', 'capacity >= 1')
export class LockPoolEntity {
  @PrimaryColumn({
    type: 'character varying',
    length: 255,
    collation: 'C',
    primaryKeyConstraintName: 'lock_pools_pkey',
  })
  name!: string;

  @Column({ type: 'integer' })
  capacity!: number;
}

@Entity('lock_pool_requests')
@Index('lock_pool_requests_key_idx', ['pool', 'key'], { unique: true, where: 'token IS NOT NULL' })
@Index('lock_pool_requests_pool_idx', ['pool', 'id'])
@Index('lock_pool_requests_expiry_idx', ['expiresAt'])
@Check('lock_pool_requests_granted_check', '(token is null) = (granted_at is null)')
export class LockPoolRequestEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'lock_pool_requests_pkey',
  })
  id!: string;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  pool!: string;

  @ManyToOne(() => LockPoolEntity)
  @JoinColumn({ name: 'pool', foreignKeyConstraintName: 'lock_pool_requests_pool_fkey' })
  lockPool!: Relation<LockPoolEntity>;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  key!: string;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  owner!: string;

  @Column({ name: 'lease_ms', type: 'integer' })
  leaseMs!: number;

  @Column({ type: 'bigint', nullable: true })
  token!: string | null;

  @Column({ name: 'granted_at', type: 'timestamp with time zone', nullable: true })
  grantedAt!: Date | null;

  @Column({ name: 'expires_at', type: 'timestamp with time zone' })
  expiresAt!: Date;
}
