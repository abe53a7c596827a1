import { Entity, JoinColumn, ManyToOne } from 'typeorm';
import { BaseAuthLimit, BaseUser, BaseUserToken } from '../lib/index.js';

@Entity('users')
export class User extends BaseUser {}

@Entity('user_tokens')
export class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}

@Entity('auth_limits')
export class AuthLimit extends BaseAuthLimit {}
