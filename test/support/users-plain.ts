import { BaseUser, BaseUserToken, BaseUserWithoutKey } from 'nestjs-gatehouse';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';

@Entity('users')
export class User extends BaseUser {
  @Column({ type: 'varchar', length: 100, nullable: true })
  name?: string | null;
}

@Entity('user_tokens')
export class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}

/** A user with an integer key. */
@Entity('users')
export class NumberedUser extends BaseUserWithoutKey<number> {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 100, nullable: true })
  name?: string | null;
}

@Entity('user_tokens')
export class NumberedUserToken extends BaseUserToken {
  @ManyToOne(() => NumberedUser, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: NumberedUser;
}
