import type { Type } from '@nestjs/common';
import {
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type DataSourceOptions,
} from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { BaseUserToken } from '../../lib/platform/data/entities/base-user-token.entity.js';
import { BaseUser, BaseUserWithoutKey } from '../../lib/platform/data/entities/base-user.entity.js';
import type { PropertyNames } from '../../lib/platform/data/entities/account-properties.js';
import { BaseAuthEvent } from '../../lib/platform/data/entities/base-auth-event.entity.js';
import { checkEntities, checkEventEntity } from '../../lib/module/start-up/entity-check.js';
import { instant } from '../../lib/platform/data/entities/instant.js';

@Entity()
class User extends BaseUser {
  @OneToMany(() => UserToken, (token) => token.user)
  tokens?: UserToken[];
}

@Entity()
class UserToken extends BaseUserToken {
  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: User;
}

@Entity()
class CountedUser extends BaseUserWithoutKey<number> {
  @PrimaryGeneratedColumn()
  id!: number;
}

@Entity()
class CountedUserToken extends BaseUserToken {
  @ManyToOne(() => CountedUser, { onDelete: 'CASCADE', nullable: false })
  user!: CountedUser;
}

@Entity()
class BareUser {
  @PrimaryColumn('uuid')
  id!: string;
}

@Entity()
class BareToken {
  @PrimaryGeneratedColumn()
  id!: number;
}

@Entity()
class RedeclaredUser extends BaseUser<number> {
  @PrimaryGeneratedColumn()
  override id!: number;
}

@Entity()
class TwoKeyUser extends BaseUser {
  @PrimaryColumn()
  tenant!: string;
}

@Entity()
class StrayToken extends BaseUserToken {
  @ManyToOne(() => BareUser, { onDelete: 'CASCADE', nullable: false })
  user!: BareUser;
}

@Entity()
class LooseToken extends BaseUserToken {
  @ManyToOne(() => User)
  user!: User;
}

@Entity()
class Trail extends BaseAuthEvent {}

@Entity()
class BareTrail {
  @PrimaryColumn()
  key!: string;

  @Column()
  userId!: string;

  @Column()
  occurredAt!: Date;
}

@Entity()
class CarelessUser {
  @PrimaryColumn('uuid')
  id!: string;

  @Column()
  email!: string;

  @Column()
  passwordHash!: string;

  @Column()
  isActive!: boolean;

  @Column({ type: 'bigint', transformer: instant })
  emailVerifiedAt!: Date;

  @Column()
  createdAt!: Date;

  @Column({ type: 'bigint' })
  updatedAt!: Date;
}

@Entity()
class UnindexedToken {
  @PrimaryColumn('uuid')
  id!: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE', nullable: false })
  user!: User;

  @Column({ type: 'varchar', nullable: true })
  tokenHash!: string | null;

  @Column({ type: 'bigint', nullable: true, transformer: instant })
  mailDueAt!: Date | null;
}

@Entity()
class NamedUser extends BaseUser {
  @Column({ type: 'varchar', length: 64, unique: true, nullable: true })
  username?: string | null;
}

@Entity()
class ShortlyNamedUser extends BaseUser {
  @Column({ length: 20 })
  username!: string;
}

@Entity()
class CountedNameUser extends BaseUser {
  @Column({ unique: true, nullable: true })
  username!: number;
}

describe('the check of the entities at start', () => {
  let dataSource: DataSource;

  afterEach(() => dataSource.destroy());

  async function check(
    user: Type<object>,
    token: Type<object>,
    entities = [user, token],
    names?: PropertyNames,
  ): Promise<string[]> {
    const options: DataSourceOptions = { type: 'better-sqlite3', database: ':memory:', entities };
    dataSource = await new DataSource(options).initialize();
    return checkEntities(dataSource, user, token, names).map(({ path, message, fix }) => `${path}: ${message}. ${fix}`);
  }

  /** What is wrong with the user entity alone. */
  const namesOf = async (user: Type<object>, names?: PropertyNames) =>
    (await check(user, UserToken, [user, User, UserToken], names)).filter(
      (problem) => !problem.startsWith('UserToken'),
    );

  it('accepts entities that extend the bases', async () => {
    expect(await check(User, UserToken)).toEqual([]);
  });

  it('accepts an integer key', async () => {
    expect(await check(CountedUser, CountedUserToken)).toEqual([]);
  });

  it('accepts usernames', async () => {
    expect(await check(NamedUser, UserToken, [NamedUser, User, UserToken])).toEqual([
      expect.stringContaining('points to User, not to the user entity NamedUser'),
    ]);
  });

  it('names a column for usernames that will not do, and what to do if it is something else', async () => {
    const fix = "Declare `@Column({ type: 'varchar', length: 64, unique: true, nullable: true }) username?";
    const short = await namesOf(ShortlyNamedUser);
    expect(short).toEqual([
      expect.stringMatching(/^ShortlyNamedUser\.username: does not allow null/),
      expect.stringMatching(/^ShortlyNamedUser\.username: holds less than 64 characters/),
      expect.stringMatching(/^ShortlyNamedUser\.username: is not unique/),
    ]);
    for (const problem of short) expect(problem).toContain(fix);
    await dataSource.destroy();
    expect(await namesOf(CountedNameUser)).toEqual([expect.stringContaining('username: is not text')]);
  });

  it('looks for usernames where the application says they are', async () => {
    expect(await namesOf(CountedNameUser, { username: 'nick' })).toEqual([
      expect.stringMatching(/^CountedNameUser\.nick: is missing\. Declare `@Column\(.*\) nick\?: string/),
    ]);
    await dataSource.destroy();
    expect(await namesOf(NamedUser, { username: 'email' })).toEqual([
      expect.stringMatching(/^userColumns\.username: names the same property as email/),
      expect.stringMatching(/^NamedUser\.email: does not allow null/),
    ]);
  });

  it('names every entity that is not registered', async () => {
    const problems = await check(User, UserToken, [BareUser]);

    expect(problems).toEqual([
      expect.stringContaining('add User to `entities`'),
      expect.stringContaining('add UserToken to `entities`'),
    ]);
  });

  it('names every missing column with its declaration', async () => {
    const problems = await check(BareUser, BareToken);

    for (const property of ['email', 'passwordHash', 'isActive', 'emailVerifiedAt']) {
      expect(problems).toContainEqual(
        expect.stringMatching(`^BareUser\\.${property}: is missing\\. Extend BaseUser.*${property}!: `),
      );
    }
    for (const property of ['purpose', 'tokenHash', 'payload', 'expiresAt', 'usedAt', 'mailDueAt', 'mailError']) {
      expect(problems).toContainEqual(
        expect.stringMatching(`^BareToken\\.${property}: is missing\\. Extend BaseUserToken.*${property}!: `),
      );
    }
    expect(problems).toContainEqual(expect.stringMatching(/^BareToken\.user: .*@ManyToOne\(\(\) => BareUser, /));
  });

  it('looks at the entity of the audit trail as well, field by field', async () => {
    await check(User, UserToken, [User, UserToken, Trail, BareTrail]);
    expect(checkEventEntity(dataSource, Trail)).toEqual([]);
    expect(checkEventEntity(dataSource, class Unregistered {})).toMatchObject([
      { path: 'Unregistered', message: 'is not an entity of the data source' },
    ]);
    const problems = checkEventEntity(dataSource, BareTrail).map(({ path, message }) => `${path} ${message}`);
    expect(problems).toContainEqual(expect.stringMatching(/^BareTrail\.id is not the primary key/));
    expect(problems).toContainEqual(expect.stringMatching(/^BareTrail\.userId does not allow null/));
    expect(problems).toContainEqual(
      expect.stringMatching(/^BareTrail\.occurredAt is not stored as epoch milliseconds/),
    );
    for (const property of ['event', 'level', 'sessionId', 'ip', 'userAgent', 'detail']) {
      expect(problems).toContainEqual(`BareTrail.${property} is missing`);
    }
  });

  it('lets a user entity do without times of its own', async () => {
    const problems = await check(BareUser, BareToken);
    expect(problems.filter((problem) => /^BareUser\.(?:created|updated)At/.test(problem))).toEqual([]);
  });

  it('names a token id that the database would generate', async () => {
    expect(await check(BareUser, BareToken)).toContainEqual(expect.stringMatching(/^BareToken\.id: is generated/));
  });

  it('names a key that TypeORM would silently ignore', async () => {
    expect(await check(RedeclaredUser, UserToken, [RedeclaredUser, User, UserToken])).toContainEqual(
      expect.stringMatching(/^RedeclaredUser\.id: is declared again.*BaseUserWithoutKey/),
    );
  });

  it('names a composite primary key', async () => {
    expect(await check(TwoKeyUser, UserToken, [TwoKeyUser, User, UserToken])).toContainEqual(
      expect.stringMatching(/^TwoKeyUser\.id: is not the primary key, or not alone/),
    );
  });

  it('names a relation to another entity', async () => {
    expect(await check(User, StrayToken, [User, UserToken, StrayToken, BareUser])).toEqual([
      expect.stringMatching(/^StrayToken\.user: points to BareUser, not to the user entity User/),
    ]);
  });

  it('names a relation that neither cascades nor demands an owner', async () => {
    expect(await check(User, LooseToken, [User, UserToken, LooseToken])).toEqual([
      expect.stringMatching(/^LooseToken\.user: lacks onDelete CASCADE/),
      expect.stringMatching(/^LooseToken\.user: may be null/),
    ]);
  });

  it('names columns that are there but will not do', async () => {
    const problems = await check(CarelessUser, UserToken, [CarelessUser, User, UserToken]);

    expect(problems.filter((problem) => problem.startsWith('CarelessUser.'))).toEqual([
      expect.stringMatching(/\.email: is not unique/),
      expect.stringMatching(/\.passwordHash: is selected by default/),
      expect.stringMatching(/\.emailVerifiedAt: does not allow null/),
      expect.stringMatching(/\.updatedAt: is not a Date/),
    ]);
  });

  it('names look-ups that no index serves', async () => {
    const problems = await check(User, UnindexedToken, [User, UserToken, UnindexedToken]);

    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^UnindexedToken\.user: has no index/),
        expect.stringMatching(/^UnindexedToken\.tokenHash: is not unique/),
        expect.stringMatching(/^UnindexedToken\.mailDueAt: has no index/),
      ]),
    );
  });
});
