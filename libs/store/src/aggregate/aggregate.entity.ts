import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ProviderEntity } from '../provider/provider.entity.js';

@Entity('aggregates')
@Unique('aggregates_uuid_key', ['uuid'])
export class AggregateEntity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'aggregates_pkey' })
  id!: number;

  @Column({ type: 'character varying', length: 36, collation: 'C' })
  uuid!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

@Entity('resource_provider_aggregates')
export class ProviderAggregateEntity {
  @PrimaryColumn({
    name: 'resource_provider_id',
    type: 'integer',
    primaryKeyConstraintName: 'resource_provider_aggregates_pkey',
  })
  resourceProviderId!: number;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'resource_provider_id', foreignKeyConstraintName: 'resource_provider_aggregates_provider_fkey' })
  provider!: Relation<ProviderEntity>;

  @Index('resource_provider_aggregates_aggregate_idx')
  @PrimaryColumn({
    name: 'aggregate_id',
    type: 'integer',
    primaryKeyConstraintName: 'resource_provider_aggregates_pkey',
  })
  aggregateId!: number;

  @ManyToOne(() => AggregateEntity)
  @JoinColumn({ name: 'aggregate_id', foreignKeyConstraintName: 'resource_provider_aggregates_aggregate_fkey' })
  aggregate!: Relation<AggregateEntity>;
}
