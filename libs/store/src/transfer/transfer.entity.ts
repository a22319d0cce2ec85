import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** The import that is not finished, if there is one. */
@Entity('transfers')
@Check('transfers_one_check', 'id = 1')
export class TransferEntity {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'transfers_pkey' })
  id!: number;

  @Column({ type: 'character varying', length: 20 })
  kind!: string;

  @Column({ type: 'text' })
  source!: string;

  /** Records of the file that are written. */
  @Column({ type: 'bigint', default: 0 })
  records!: string;

  /** SHA-256 of the file up to there. */
  @Column({ type: 'character varying', length: 64, default: '' })
  digest!: string;

  @Column({ name: 'created_at', type: 'timestamp with time zone', default: () => 'now()' })
  createdAt!: Date;
}

/** At which generation of the source a provider's own side, and what is held of it, were copied. */
@Entity('transfer_marks')
export class TransferMarkEntity {
  @PrimaryColumn({
    type: 'character varying',
    length: 36,
    collation: 'C',
    primaryKeyConstraintName: 'transfer_marks_pkey',
  })
  uuid!: string;

  @Column({ type: 'integer', nullable: true })
  supply!: number | null;

  @Column({ type: 'integer', nullable: true })
  demand!: number | null;
}
