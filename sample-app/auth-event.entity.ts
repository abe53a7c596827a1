import { BaseAuthEvent } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

/** The audit trail: what happened to which account, from where, and when. */
@Entity('auth_events')
export class AuthEventRow extends BaseAuthEvent {}
