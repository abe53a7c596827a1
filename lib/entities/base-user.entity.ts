import { Column, PrimaryColumn } from 'typeorm';
import { instant } from './instant.js';

/**
 * What the module needs to know of a user. The application extends it and adds its own columns:
 *
 *     @Entity('users') class User extends BaseUser { @Column({ nullable: true }) name?: string }
 *
 * The key is a UUID v7 made by the module. For an integer key, extend `BaseUser<number>` and redeclare it:
 * `@PrimaryGeneratedColumn() override id!: number`.
 */
export abstract class BaseUser<Id extends string | number = string> {
  @PrimaryColumn('uuid')
  id!: Id;

  /** Canonical address: ASCII, lower case, unique. 254 characters at most (RFC 5321). */
  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  /** Argon2id PHC string; never selected unless asked for by name. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255, select: false })
  passwordHash!: string;

  /** False while the account is pending, and after an operator deactivated it. */
  @Column({ name: 'is_active', type: 'boolean', default: false })
  isActive!: boolean;

  /** When a link sent to the address came back; null until then. */
  @Column({ name: 'email_verified_at', type: 'bigint', nullable: true, transformer: instant })
  emailVerifiedAt!: Date | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: instant })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'bigint', transformer: instant })
  updatedAt!: Date;
}
