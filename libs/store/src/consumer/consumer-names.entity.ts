import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

@Entity('projects')
@Unique('projects_external_id_key', ['externalId'])
export class ProjectEntity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'projects_pkey' })
  id!: number;

  @Column({ name: 'external_id', type: 'character varying', length: 255, collation: 'C' })
  externalId!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

@Entity('users')
@Unique('users_external_id_key', ['externalId'])
export class UserEntity {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'BY DEFAULT', primaryKeyConstraintName: 'users_pkey' })
  id!: number;

  @Column({ name: 'external_id', type: 'character varying', length: 255, collation: 'C' })
  externalId!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

@Entity('consumer_types')
@Unique('consumer_types_name_key', ['name'])
export class ConsumerTypeEntity {
  @PrimaryGeneratedColumn('identity', {
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'consumer_types_pkey',
  })
  id!: number;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}
