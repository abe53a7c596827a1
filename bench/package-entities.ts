import { BaseUser, BaseUserToken } from 'nestjs-gatehouse';
import { Entity, JoinColumn, ManyToOne } from 'typeorm';

/** The entities of an application that uses the built package. */
@Entity('users')
export class User extends BaseUser {}

@Entity('user_tokens')
export class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}
