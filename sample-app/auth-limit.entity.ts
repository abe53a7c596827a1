import { BaseAuthLimit } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

/** How often passwords were guessed and mails asked for, for all instances together. */
@Entity('auth_limits')
export class AuthLimit extends BaseAuthLimit {}
