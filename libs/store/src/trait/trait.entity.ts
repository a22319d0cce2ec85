import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ProviderEntity } from '../provider/provider.entity.js';

@Entity('traits')
@Unique('traits_name_key', ['name'])
export class TraitEntity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'traits_pkey' })
  id!: number;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

@Entity('resource_provider_traits')
export class ProviderTraitEntity {
  @PrimaryColumn({
    name: 'resource_provider_id',
    type: 'integer',
    primaryKeyConstraintName: 'resource_provider_traits_pkey',
  })
  resourceProviderId!: number;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'resource_provider_id', foreignKeyConstraintName: 'resource_provider_traits_provider_fkey' })
  provider!: Relation<ProviderEntity>;

  @Index('resource_provider_traits_trait_idx')
  @PrimaryColumn({ name: 'trait_id', type: 'integer', primaryKeyConstraintName: 'resource_provider_traits_pkey' })
  traitId!: number;

  @ManyToOne(() => TraitEntity)
  @JoinColumn({ name: 'trait_id', foreignKeyConstraintName: 'resource_provider_traits_trait_fkey' })
  trait!: Relation<TraitEntity>;
}
