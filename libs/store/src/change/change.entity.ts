import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity('supply_changes')
export class SupplyChangeEntity {
  /** The id of the transaction; bigint, and not xid8, because TypeORM knows no xid8. */
  @PrimaryColumn({
    type: 'bigint',
    default: () => 'txid_current()',
    primaryKeyConstraintName: 'supply_changes_pkey',
  })
  stamp!: string;

  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'supply_changes_pkey',
  })
  id!: string;

  @Column({ name: 'resource_provider_id', type: 'integer' })
  resourceProviderId!: number;

  /** Whether more may have changed than inventories, what is used of them, and the provider's own row. */
  @Column({ type: 'boolean' })
  shape!: boolean;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  /** Whose line it is also when the provider is gone; null: names of traits and classes. */
  @Column({ type: 'character varying', length: 36, collation: 'C', nullable: true })
  uuid!: string | null;

  @Column({ type: 'integer', nullable: true })
  generation!: number | null;

  @Column({ type: 'boolean', default: false })
  deleted!: boolean;
}

@Entity('consumer_changes')
export class ConsumerChangeEntity {
  @PrimaryColumn({
    type: 'bigint',
    default: () => 'txid_current()',
    primaryKeyConstraintName: 'consumer_changes_pkey',
  })
  stamp!: string;

  /** From the sequence of the other log, drawn by whoever writes the line. */
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'consumer_changes_pkey' })
  id!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'integer' })
  generation!: number;

  @Column({ type: 'boolean', default: false })
  deleted!: boolean;

  @Column({ type: 'character varying', length: 36, collation: 'C' })
  uuid!: string;
}

@Entity('supply_changes_floor')
export class SupplyChangesFloorEntity {
  /** 1: the lines of providers, 2: those of consumers. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'supply_changes_floor_pkey' })
  id!: number;

  /** Changes with this stamp or an earlier one may have been forgotten. */
  @Column({ type: 'bigint' })
  stamp!: string;
}

@Entity('change_marks')
export class ChangeMarkEntity {
  /** The snapshot's xmax: the next transaction at that time. */
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'change_marks_pkey' })
  horizon!: string;

  @Column({ type: 'text' })
  snapshot!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}
