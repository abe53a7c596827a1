import { Column, Index, PrimaryColumn } from 'typeorm';
import type { AuthEventDetail, AuthEventLevel, AuthEventName } from '../../common/auth-event.js';
import { instant } from './instant.js';

/**
 * A row of the audit trail. The application extends it and passes the class as `eventEntity`:
 *
 *     @Entity('auth_events') class AuthEventRow extends BaseAuthEvent {}
 *
 * Rows are only ever added. The user is no relation, so that the trail outlives the account.
 */
export abstract class BaseAuthEvent {
  /** UUID v7, made by the module: the key is in order of time. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'occurred_at', type: 'bigint', transformer: instant })
  occurredAt!: Date;

  /** By the OWASP Logging Vocabulary. */
  @Column({ type: 'varchar', length: 64 })
  event!: AuthEventName;

  @Column({ type: 'varchar', length: 8 })
  level!: AuthEventLevel;

  /** The key of the account as text; null where there is none, as for a login with an unknown address. */
  @Index()
  @Column({ name: 'user_id', type: 'varchar', length: 64, nullable: true })
  userId!: string | null;

  @Column({ name: 'session_id', type: 'varchar', length: 36, nullable: true })
  sessionId!: string | null;

  @Column({ type: 'varchar', length: 45, nullable: true })
  ip!: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 255, nullable: true })
  userAgent!: string | null;

  /** Fixed words and ids; never a secret or an address. */
  @Column({ type: 'simple-json' })
  detail!: AuthEventDetail;
}
