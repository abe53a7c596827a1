import { Column, Index, PrimaryColumn } from 'typeorm';
import type { TokenPurpose } from '../../common/purposes.js';
import type { StoredFields } from '../../common/stored-fields.js';
import { instant } from './instant.js';

/** How the owner of a session has proved who they are, and when: what a route may ask for again. */
export interface SessionPayload {
  /** Authentication methods by the names of RFC 8176: `pwd`, `otp`, ... */
  amr: readonly string[];
  /** Milliseconds since the epoch. */
  authenticatedAt: number;
}

/** What a signup binds to its own activation link: the link that is clicked decides which signup becomes the account. */
export interface SignupPayload extends StoredFields {
  passwordHash: string;
  /** True where this signup made the account; absent where it found one. Cleanup deletes no account it does not know made. */
  madeAccount?: true;
}

/**
 * The address a mail goes to, whatever has become of the account's since. A link stands for it: following the link makes it
 * that of the account.
 */
export interface AddressPayload {
  address: string;
}

/** Marks a reset link that nobody asked for: its account is being guessed at, and the mail says so. */
export interface AlarmPayload {
  isAlarm: true;
}

/** What the rows of a purpose carry; the purposes that are not listed carry nothing. */
export interface TokenPayloads {
  session: SessionPayload;
  activation: SignupPayload;
  'password-reset': AlarmPayload;
  'email-change': AddressPayload;
  'email-change-undo': AddressPayload;
  'password-changed-notice': AddressPayload;
}

/** What a row may carry. */
export type TokenPayload = TokenPayloads[keyof TokenPayloads];

/**
 * Everything a user can present to prove something (sessions and link tokens), and at the same time the outbox:
 * a row whose `mailDueAt` is set owes a mail. The application extends it and adds the relation:
 *
 *     @Entity('user_tokens') class UserToken extends BaseUserToken {
 *       @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false }) @JoinColumn({ name: 'user_id' }) user!: User }
 *
 * The index on `user` is inherited: the relation needs no `@Index()` of its own.
 */
// By function, falling back to the key: an entity without the relation must reach the start-up check, which names the
// fix. TypeORM alone would throw, and Nest take that for a lost connection and try again for half a minute.
@Index(({ user = 'id' }: { user?: string }) => [user])
export abstract class BaseUserToken {
  /** UUID v7, made by the module: the key is in order of time. */
  @PrimaryColumn('uuid')
  id!: string;

  /** The relation to the application's user entity; declared by the concrete class, indexed here. */
  abstract user: object;

  @Column({ type: 'varchar', length: 32 })
  purpose!: TokenPurpose;

  /** SHA-256 of purpose and link token, in hexadecimal; null for sessions and notices. Nothing at rest can be replayed. */
  @Index({ unique: true })
  @Column({ name: 'token_hash', type: 'varchar', length: 64, nullable: true })
  tokenHash!: string | null;

  /** Random part of a link token, from which, with a key that is not in the database, the link is made again for a retried mail. */
  @Column({ type: 'varchar', length: 32, nullable: true })
  nonce!: string | null;

  /**
   * Counts what follows one another: the refresh tokens of a session, one for each rotation; the addresses of an account,
   * for a link that undoes a change of address and so gives back an earlier one.
   */
  @Column({ type: 'int', default: 0 })
  generation!: number;

  /** Wrong tries at what is short enough to be guessed. */
  @Column({ type: 'int', default: 0 })
  attempts!: number;

  @Column({ type: 'simple-json', nullable: true })
  payload!: TokenPayload | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: instant })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'bigint', transformer: instant })
  expiresAt!: Date;

  @Column({ name: 'used_at', type: 'bigint', nullable: true, transformer: instant })
  usedAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'bigint', nullable: true, transformer: instant })
  revokedAt!: Date | null;

  /** When the session's refresh token last rotated. */
  @Column({ name: 'last_used_at', type: 'bigint', nullable: true, transformer: instant })
  lastUsedAt!: Date | null;

  @Column({ type: 'varchar', length: 45, nullable: true })
  ip!: string | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 255, nullable: true })
  userAgent!: string | null;

  /** Not null: a mail is owed, and due at this instant. A claim moves it into the future: the lease. */
  @Index()
  @Column({ name: 'mail_due_at', type: 'bigint', nullable: true, transformer: instant })
  mailDueAt!: Date | null;

  @Column({ name: 'mail_attempts', type: 'int', default: 0 })
  mailAttempts!: number;

  /** Why the last attempt to send failed; set for good when the mail was given up. */
  @Column({ name: 'mail_error', type: 'varchar', length: 500, nullable: true })
  mailError!: string | null;
}
