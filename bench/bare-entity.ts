import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user as an application without this module would have it. */
@Entity('users')
export class Member {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'varchar', length: 254 })
  email!: string;
}
