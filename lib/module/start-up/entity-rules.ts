import type { AccountProperty } from '../../platform/data/entities/account-properties.js';

/** What the module relies on in one column of an entity. */
export interface ColumnRule {
  /** The property, as BaseUser or BaseUserToken declares it: the fix for a missing one. */
  readonly declaration: string;
  /** True where the module writes null. */
  readonly nullable?: true;
  /** True where the module stores an instant as epoch milliseconds. */
  readonly instant?: true;
  /** True where the property is a Date, however the column keeps it. */
  readonly moment?: true;
  /** True where statements compare the column with true. */
  readonly truth?: true;
  /** True where the column must hold a password hash of any algorithm. */
  readonly holdsHash?: true;
  /** True where an entity may do without the column. */
  readonly optional?: true;
  /** True where two rows with the same value would mix up accounts or links. */
  readonly unique?: true;
  /** True where rows are looked up by the column. */
  readonly indexed?: true;
  /** The least length of a text column, in characters. */
  readonly text?: number;
  /** True where a query that does not ask for the column by name must not get it. */
  readonly hidden?: true;
}

/** The columns of the user entity but the primary key, by property of Account. */
export const USER_COLUMNS: Readonly<Record<Exclude<AccountProperty, 'id'>, ColumnRule>> = {
  email: { declaration: "@Column({ type: 'varchar', length: 254, unique: true }) email!: string", unique: true },
  passwordHash: {
    declaration: "@Column({ type: 'varchar', length: 255, select: false }) passwordHash!: string",
    hidden: true,
    holdsHash: true,
  },
  isActive: { declaration: "@Column({ type: 'boolean', default: false }) isActive!: boolean", truth: true },
  emailVerifiedAt: { declaration: nullableInstant('emailVerifiedAt').declaration, moment: true, nullable: true },
  createdAt: { declaration: instant('createdAt').declaration, moment: true, optional: true },
  updatedAt: { declaration: instant('updatedAt').declaration, moment: true, optional: true },
};

/** The property `username` of a user entity that has one, which makes it something to log in by. */
export const USERNAME_COLUMN: ColumnRule = {
  declaration: "@Column({ type: 'varchar', length: 64, unique: true, nullable: true }) username?: string | null",
  text: 64,
  unique: true,
  nullable: true,
};

/** The columns of the token entity but the primary key and the relation, by property. */
export const TOKEN_COLUMNS: Readonly<Record<string, ColumnRule>> = {
  purpose: { declaration: "@Column({ type: 'varchar', length: 32 }) purpose!: TokenPurpose" },
  tokenHash: {
    declaration:
      "@Index({ unique: true }) @Column({ type: 'varchar', length: 64, nullable: true }) tokenHash!: string | null",
    nullable: true,
    unique: true,
  },
  nonce: nullableText('nonce', 32),
  generation: { declaration: "@Column({ type: 'int', default: 0 }) generation!: number" },
  attempts: { declaration: "@Column({ type: 'int', default: 0 }) attempts!: number" },
  payload: {
    declaration: "@Column({ type: 'simple-json', nullable: true }) payload!: TokenPayload | null",
    nullable: true,
  },
  createdAt: instant('createdAt'),
  expiresAt: instant('expiresAt'),
  usedAt: nullableInstant('usedAt'),
  revokedAt: nullableInstant('revokedAt'),
  lastUsedAt: nullableInstant('lastUsedAt'),
  ip: nullableText('ip', 45),
  userAgent: nullableText('userAgent', 255),
  mailDueAt: {
    ...nullableInstant('mailDueAt'),
    declaration: `@Index() ${nullableInstant('mailDueAt').declaration}`,
    indexed: true,
  },
  mailAttempts: { declaration: "@Column({ type: 'int', default: 0 }) mailAttempts!: number" },
  mailError: nullableText('mailError', 500),
};

/** The columns of the event entity but the primary key, by property. */
export const EVENT_COLUMNS: Readonly<Record<string, ColumnRule>> = {
  occurredAt: instant('occurredAt'),
  event: { declaration: "@Column({ type: 'varchar', length: 64 }) event!: AuthEventName" },
  level: { declaration: "@Column({ type: 'varchar', length: 8 }) level!: AuthEventLevel" },
  userId: nullableText('userId', 64),
  sessionId: nullableText('sessionId', 36),
  ip: nullableText('ip', 45),
  userAgent: nullableText('userAgent', 255),
  detail: { declaration: "@Column({ type: 'simple-json' }) detail!: AuthEventDetail" },
};

/** The columns of the limit entity but the primary key, by property. */
export const LIMIT_COLUMNS: Readonly<Record<string, ColumnRule>> = {
  state: { declaration: "@Column({ type: 'bigint' }) state!: string" },
  expiresAt: { declaration: "@Index() @Column({ type: 'bigint' }) expiresAt!: string", indexed: true },
};

function instant(property: string): ColumnRule {
  return { declaration: `@Column({ type: 'bigint', transformer: instant }) ${property}!: Date`, instant: true };
}

function nullableInstant(property: string): ColumnRule {
  return {
    declaration: `@Column({ type: 'bigint', nullable: true, transformer: instant }) ${property}!: Date | null`,
    instant: true,
    nullable: true,
  };
}

function nullableText(property: string, length: number): ColumnRule {
  return {
    declaration: `@Column({ type: 'varchar', length: ${length}, nullable: true }) ${property}!: string | null`,
    nullable: true,
  };
}
