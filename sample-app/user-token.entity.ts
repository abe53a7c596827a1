import { BaseUserToken } from 'nestjs-gatehouse';
import { Entity, JoinColumn, ManyToOne } from 'typeorm';
import { User } from './user.entity.js';

/** A session or an e-mailed link of an account. */
@Entity('user_tokens')
export class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}
