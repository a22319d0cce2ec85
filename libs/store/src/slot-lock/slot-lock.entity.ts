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
import { ConsumerEntity } from '../consumer/consumer.entity.js';

@Entity('slot_locks')
@Unique('slot_locks_key_slot_key', ['key', 'slot'])
@Index('slot_locks_consumer_idx', ['consumerId'], { where: 'consumer_id IS NOT NULL' })
@Index('slot_locks_owner_idx', ['owner', 'key', 'slot'], { where: 'owner IS NOT NULL' })
@Index('slot_locks_key_lease_idx', ['key', 'expiresAt'], { where: 'expires_at IS NOT NULL' })
@Index('slot_locks_lease_idx', ['expiresAt'], { where: 'expires_at IS NOT NULL' })
@Check('slot_locks_slot_check', 'slot >= 0 and slot < slot_limit')
@Check('slot_locks_holder_check', '(consumer_id is null) <> (owner is null)')
@Check('slot_locks_lease_check', 'expires_at is null or owner is not null')
export class SlotLockEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'slot_locks_pkey',
  })
  id!: string;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  key!: string;

  @Column({ type: 'integer' })
  slot!: number;

  @Column({ name: 'slot_limit', type: 'integer' })
  limit!: number;

  @Column({ name: 'consumer_id', type: 'bigint', nullable: true })
  consumerId!: string | null;

  @ManyToOne(() => ConsumerEntity)
  @JoinColumn({ name: 'consumer_id', foreignKeyConstraintName: 'slot_locks_consumer_fkey' })
  consumer!: Relation<ConsumerEntity> | null;

  @Column({ type: 'character varying', length: 255, collation: 'C', nullable: true })
  owner!: string | null;

  @Column({ name: 'acquired_at', type: 'timestamp with time zone', default: () => 'now()' })
  acquiredAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamp with time zone', nullable: true })
  expiresAt!: Date | null;
}

@Entity('slot_pools')
@Check('slot_pools_held_check', 'held >= 0 and held <= high')
export class SlotPoolEntity {
  @PrimaryColumn({
    type: 'character varying',
    length: 255,
    collation: 'C',
    primaryKeyConstraintName: 'slot_pools_pkey',
  })
  key!: string;

  @Column({ type: 'integer', default: 0 })
  high!: number;

  @Column({ type: 'integer', default: 0 })
  held!: number;
}

@Entity('slot_free')
export class SlotFreeEntity {
  @PrimaryColumn({ type: 'character varying', length: 255, collation: 'C', primaryKeyConstraintName: 'slot_free_pkey' })
  key!: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'slot_free_pkey' })
  slot!: number;
}
