import { Column, PrimaryColumn } from 'typeorm';
import { instant } from './instant.js';

/** A user's key: a UUID, or an integer where the application declares one. */
export type UserId = string | number;

/**
 * A user of the application, as far as this module knows it. An entity that extends BaseUser is one; any other is made
 * one by the option `userColumns`.
 */
export interface Account {
  id: UserId;
  /** Canonical address. */
  email: string;
  /** PHC string; undefined unless asked for by name. */
  passwordHash: string;
  isActive: boolean;
  emailVerifiedAt: Date | null;
  /** Undefined where the entity does not keep it. */
  createdAt?: Date;
  /** Undefined where the entity does not keep it. */
  updatedAt?: Date;
}

/**
 * What the module needs to know of a user, the primary key left to the application. For an integer key:
 *
 *     @Entity('users') class User extends BaseUserWithoutKey<number> { @PrimaryGeneratedColumn() id!: number }
 *
 * It is a class of its own because TypeORM keeps a parent's column when a subclass decorates the same property again.
 */
export abstract class BaseUserWithoutKey<Id extends UserId = string> {
  /** The primary key; one column, declared by the concrete class. */
  abstract id: Id;

  /** Canonical address: ASCII, lower case, unique. 254 characters at most (RFC 5321). */
  @Column({ type: 'varchar', length: 254, unique: true })
  email!: string;

  /** Argon2id PHC string; never selected unless asked for by name. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255, select: false })
  passwordHash!: string;

  /** False while the account is pending, and after an operator deactivated it. */
  @Column({ name: 'is_active', type: 'boolean', default: false })
  isActive!: boolean;

  /** When a link sent to the address came back; null until then, the epoch where it never did before a deactivation. */
  @Column({ name: 'email_verified_at', type: 'bigint', nullable: true, transformer: instant })
  emailVerifiedAt!: Date | null;

  @Column({ name: 'created_at', type: 'bigint', transformer: instant })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'bigint', transformer: instant })
  updatedAt!: Date;
}

/**
 * What the module needs to know of a user. The application extends it and adds its own columns:
 *
 *     @Entity('users') class User extends BaseUser { @Column({ nullable: true }) name?: string }
 */
export abstract class BaseUser<Id extends UserId = string> extends BaseUserWithoutKey<Id> {
  /** UUID v7, made by the module: the key is in order of time. */
  @PrimaryColumn('uuid')
  id!: Id;
}
