import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity('supply_changes')
export class SupplyChangeEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'supply_changes_pkey',
  })
  id!: string;

  /** The id of the transaction; bigint, and not xid8, because TypeORM knows no xid8. */
  @Index('supply_changes_stamp_idx')
  @Column({ type: 'bigint', default: () => 'txid_current()' })
  stamp!: string;

  @Column({ name: 'resource_provider_id', type: 'integer' })
  resourceProviderId!: number;

  /** Whether more may have changed than inventories, what is used of them, and the provider's own row. */
  @Column({ type: 'boolean' })
  shape!: boolean;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

@Entity('supply_changes_floor')
export class SupplyChangesFloorEntity {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'supply_changes_floor_pkey' })
  id!: number;

  /** Changes with this stamp or an earlier one may have been forgotten. */
  @Column({ type: 'bigint' })
  stamp!: string;
}
