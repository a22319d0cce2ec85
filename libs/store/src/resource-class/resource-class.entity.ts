import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

@Entity('resource_classes')
@Unique('resource_classes_name_key', ['name'])
export class ResourceClassEntity {
  /** Chosen, not generated: the order of ids is significant (spec data_model.md §4). */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'resource_classes_pkey' })
  id!: number;

  @Column({ type: 'character varying', length: 255, collation: 'C' })
  name!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamp with time zone', nullable: true })
  updatedAt!: Date | null;
}
