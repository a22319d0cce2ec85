import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ConsumerEntity } from '../consumer/consumer.entity.js';
import { InventoryEntity } from '../inventory/inventory.entity.js';

@Entity('allocations')
@Index('allocations_inventory_idx', ['resourceProviderId', 'resourceClassId'])
@Check('allocations_used_check', 'used > 0')
export class AllocationEntity {
  @PrimaryColumn({ name: 'consumer_id', type: 'bigint', primaryKeyConstraintName: 'allocations_pkey' })
  consumerId!: string;

  @ManyToOne(() => ConsumerEntity)
  @JoinColumn({ name: 'consumer_id', foreignKeyConstraintName: 'allocations_consumer_fkey' })
  consumer!: Relation<ConsumerEntity>;

  @PrimaryColumn({ name: 'resource_provider_id', type: 'integer', primaryKeyConstraintName: 'allocations_pkey' })
  resourceProviderId!: number;

  @PrimaryColumn({ name: 'resource_class_id', type: 'integer', primaryKeyConstraintName: 'allocations_pkey' })
  resourceClassId!: number;

  @ManyToOne(() => InventoryEntity)
  @JoinColumn([
    {
      name: 'resource_provider_id',
      referencedColumnName: 'resourceProviderId',
      foreignKeyConstraintName: 'allocations_inventory_fkey',
    },
    {
      name: 'resource_class_id',
      referencedColumnName: 'resourceClassId',
      foreignKeyConstraintName: 'allocations_inventory_fkey',
    },
  ])
  inventory!: Relation<InventoryEntity>;

  @Column({ type: 'integer' })
  used!: number;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}
