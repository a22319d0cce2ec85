import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { ProviderEntity } from '../provider/provider.entity.js';
import { ResourceClassEntity } from '../resource-class/resource-class.entity.js';

@Entity('inventories')
@Check('inventories_used_check', 'used >= 0')
export class InventoryEntity {
  @PrimaryColumn({ name: 'resource_provider_id', type: 'integer', primaryKeyConstraintName: 'inventories_pkey' })
  resourceProviderId!: number;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'resource_provider_id', foreignKeyConstraintName: 'inventories_provider_fkey' })
  provider!: Relation<ProviderEntity>;

  @Index('inventories_class_idx')
  @PrimaryColumn({ name: 'resource_class_id', type: 'integer', primaryKeyConstraintName: 'inventories_pkey' })
  resourceClassId!: number;

  @ManyToOne(() => ResourceClassEntity)
  @JoinColumn({ name: 'resource_class_id', foreignKeyConstraintName: 'inventories_class_fkey' })
  resourceClass!: Relation<ResourceClassEntity>;

  @Column({ type: 'integer' })
  total!: number;

  @Column({ type: 'integer' })
  reserved!: number;

  @Column({ name: 'min_unit', type: 'integer' })
  minUnit!: number;

  @Column({ name: 'max_unit', type: 'integer' })
  maxUnit!: number;

  @Column({ name: 'step_size', type: 'integer' })
  stepSize!: number;

  @Column({ name: 'allocation_ratio', type: 'double precision' })
  allocationRatio!: number;

  /** The sum of what live allocations use, kept by the statements that write them. */
  @Column({ type: 'bigint', default: 0 })
  used!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamp with time zone', nullable: true })
  updatedAt!: Date | null;
}
