import { BaseUser } from 'nestjs-gatehouse';
import { Column, Entity } from 'typeorm';

/** An account: what the module needs, and a name of the application's own. */
@Entity('users')
export class User extends BaseUser {
  @Column({ type: 'varchar', length: 100, nullable: true })
  name!: string | null;
}
