import { Column, Index, PrimaryColumn } from 'typeorm';

/**
 * A row counts the tries of one key. The application extends it and passes the class as `limitEntity`, so that all of its
 * instances count together:
 *
 *     @Entity('auth_limits') class AuthLimit extends BaseAuthLimit {}
 *
 * A row names nobody: its key is an HMAC. It may be deleted at any time, which forgets what it counted.
 */
export abstract class BaseAuthLimit {
  /** The rule, and the HMAC of whom it counts. */
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  /** `at * 1024 + tries * 2 + refused`; `at` in milliseconds since the epoch. */
  @Column({ type: 'bigint' })
  state!: string;

  /** When the row is of no use any more. Milliseconds since the epoch. */
  @Index()
  @Column({ name: 'expires_at', type: 'bigint' })
  expiresAt!: string;
}
