import { BaseUser, BaseUserToken, BaseUserWithoutKey, userTable, userTokenTable } from 'nestjs-gatehouse';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { Schema } from './test-app.js';

/** A user who may log in by a username. */
@Entity('users')
export class NamedUser extends BaseUser {
  @Column({ type: 'varchar', length: 64, unique: true, nullable: true })
  username?: string | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  name?: string | null;
}

@Entity('user_tokens')
export class NamedUserToken extends BaseUserToken {
  @ManyToOne(() => NamedUser, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: NamedUser;
}

/** The same with an integer key and no other name. */
@Entity('users')
class NumberedNamedUser extends BaseUserWithoutKey<number> {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64, unique: true, nullable: true })
  username?: string | null;
}

@Entity('user_tokens')
class NumberedNamedUserToken extends BaseUserToken {
  @ManyToOne(() => NumberedNamedUser, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: NumberedNamedUser;
}

/** A user whose username is called otherwise. */
@Entity('users')
export class NickUser extends BaseUser {
  @Column({ name: 'username', type: 'varchar', length: 64, unique: true, nullable: true })
  nick?: string | null;
}

@Entity('user_tokens')
export class NickUserToken extends BaseUserToken {
  @ManyToOne(() => NickUser, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: NickUser;
}

/** Users with a username, and those with a UUID with a name as well. */
export function namedSchema({ integerKeys = false, level }: { integerKeys?: boolean; level?: 'basic' } = {}): Schema {
  const userIdType = integerKeys ? 'integer' : 'uuid';
  const columns = integerKeys ? [] : [{ name: 'name', type: 'varchar', length: '100', isNullable: true } as const];
  return {
    userEntity: integerKeys ? NumberedNamedUser : NamedUser,
    tokenEntity: level === 'basic' ? undefined : integerKeys ? NumberedNamedUserToken : NamedUserToken,
    createTables: async (runner) => {
      await runner.createTable(userTable(runner, { name: 'users', idType: userIdType, username: true, columns }));
      if (level === 'basic') return;
      await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users', userIdType }));
    },
  };
}
