import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { Relation } from 'typeorm';
import { ConsumerTypeEntity, ProjectEntity, UserEntity } from './consumer-names.entity.js';

@Entity('consumers')
@Unique('consumers_uuid_key', ['uuid'])
@Index('consumers_project_user_idx', ['projectId', 'userId'])
export class ConsumerEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'consumers_pkey',
  })
  id!: string;

  @Column({ type: 'character varying', length: 36, collation: 'C' })
  uuid!: string;

  @Column({ name: 'project_id', type: 'integer' })
  projectId!: number;

  @ManyToOne(() => ProjectEntity)
  @JoinColumn({ name: 'project_id', foreignKeyConstraintName: 'consumers_project_fkey' })
  project!: Relation<ProjectEntity>;

  @Column({ name: 'user_id', type: 'integer' })
  userId!: number;

  @ManyToOne(() => UserEntity)
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'consumers_user_fkey' })
  user!: Relation<UserEntity>;

  @Column({ name: 'consumer_type_id', type: 'integer', nullable: true })
  consumerTypeId!: number | null;

  @ManyToOne(() => ConsumerTypeEntity)
  @JoinColumn({ name: 'consumer_type_id', foreignKeyConstraintName: 'consumers_type_fkey' })
  consumerType!: Relation<ConsumerTypeEntity> | null;

  @Column({ type: 'integer', default: 0 })
  generation!: number;

  /** Whether slot locks have rows of this consumer. */
  @Column({ name: 'holds_slots', type: 'boolean', default: false })
  holdsSlots!: boolean;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamp with time zone', nullable: true })
  updatedAt!: Date | null;
}
