import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';

@Entity('resource_providers')
@Unique('resource_providers_uuid_key', ['uuid'])
@Unique('resource_providers_name_key', ['name'])
export class ProviderEntity {
  @PrimaryGeneratedColumn('identity', {
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'resource_providers_pkey',
  })
  id!: number;

  @Column({ type: 'character varying', length: 36, collation: 'C' })
  uuid!: string;

  @Column({ type: 'character varying', length: 200, collation: 'C' })
  name!: string;

  @Column({ type: 'integer', default: 0 })
  generation!: number;

  @Index('resource_providers_root_idx')
  @Column({ name: 'root_provider_id', type: 'integer' })
  rootProviderId!: number;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'root_provider_id', foreignKeyConstraintName: 'resource_providers_root_fkey' })
  root!: Relation<ProviderEntity>;

  @Index('resource_providers_parent_idx')
  @Column({ name: 'parent_provider_id', type: 'integer', nullable: true })
  parentProviderId!: number | null;

  @ManyToOne(() => ProviderEntity)
  @JoinColumn({ name: 'parent_provider_id', foreignKeyConstraintName: 'resource_providers_parent_fkey' })
  parent!: Relation<ProviderEntity> | null;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamp with time zone', nullable: true })
  updatedAt!: Date | null;
}
