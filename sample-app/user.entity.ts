import { BaseUser } from 'nestjs-gatehouse';
import { Column, Entity } from 'typeorm';

/** An account: what the module needs, and columns of the application's own. */
@Entity('users')
export class User extends BaseUser {
  @Column({ type: 'varchar', length: 100, nullable: true })
  name!: string | null;

  /** People may log in by it in place of the address. */
  @Column({ type: 'varchar', length: 64, unique: true, nullable: true })
  username!: string | null;

  /** Language tag; mails come in this language. */
  @Column({ type: 'varchar', length: 35, nullable: true })
  locale!: string | null;

  @Column({ type: 'varchar', length: 20, default: 'member' })
  role!: string;

  @Column({ name: 'is_banned', type: 'boolean', default: false })
  isBanned!: boolean;
}
