import { BaseUserToken, type UserColumnNames, userTokenTable } from 'nestjs-gatehouse';
import {
  Column,
  type ColumnType,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type QueryRunner,
  Table,
  TableColumn,
  type TableColumnOptions,
} from 'typeorm';
import type { Schema } from './test-app.js';

/** A user entity as an application had it before: nothing is called, or kept, as in BaseUser. */
@Entity('people')
export class Person {
  @PrimaryColumn('uuid', { name: 'person_id' })
  uid!: string;

  @Column({ type: 'varchar', length: 254, unique: true })
  mail!: string;

  @Column({ name: 'pwd_hash', type: 'varchar', length: 200, select: false })
  pwd!: string;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  @Column({ name: 'confirmed_on', type: Date, nullable: true })
  confirmedAt!: Date | null;

  @CreateDateColumn({ name: 'registered_on' })
  registeredAt!: Date;

  @Column({ type: 'varchar', length: 100, nullable: true })
  name?: string | null;

  @Column({ type: 'int', default: 0 })
  points!: number;
}

export const PERSON_COLUMNS: UserColumnNames<Person> = {
  id: 'uid',
  email: 'mail',
  passwordHash: 'pwd',
  isActive: 'enabled',
  emailVerifiedAt: 'confirmedAt',
  createdAt: 'registeredAt',
};

@Entity('user_tokens')
export class PersonToken extends BaseUserToken {
  @ManyToOne(() => Person, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'owner' })
  user!: Person;
}

/** The same with a counted key, and without any times of its own. */
@Entity('people')
export class NumberedPerson {
  @PrimaryGeneratedColumn({ name: 'person_id' })
  uid!: number;

  @Column({ type: 'varchar', length: 254, unique: true })
  mail!: string;

  @Column({ name: 'pwd_hash', type: 'varchar', length: 200, select: false })
  pwd!: string;

  @Column({ type: 'boolean', default: true })
  enabled!: boolean;

  @Column({ name: 'confirmed_on', type: Date, nullable: true })
  confirmedAt!: Date | null;

  @Column({ type: 'varchar', length: 100, nullable: true })
  name?: string | null;

  @Column({ type: 'int', default: 0 })
  points!: number;
}

export const NUMBERED_PERSON_COLUMNS: UserColumnNames<NumberedPerson> = {
  id: 'uid',
  email: 'mail',
  passwordHash: 'pwd',
  isActive: 'enabled',
  emailVerifiedAt: 'confirmedAt',
};

@Entity('user_tokens')
export class NumberedPersonToken extends BaseUserToken {
  @ManyToOne(() => NumberedPerson, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'owner' })
  user!: NumberedPerson;
}

/** The application's own migration of long ago, and the one table that came with the module. */
export function peopleSchema(integerKeys: boolean, enabledType: ColumnType = 'boolean'): Schema {
  return {
    userEntity: integerKeys ? NumberedPerson : Person,
    tokenEntity: integerKeys ? NumberedPersonToken : PersonToken,
    userColumns: integerKeys ? NUMBERED_PERSON_COLUMNS : PERSON_COLUMNS,
    createTables: async (runner) => {
      await runner.createTable(new Table({ name: 'people', columns: peopleColumns(runner, integerKeys, enabledType) }));
      await runner.createTable(
        userTokenTable(runner, {
          name: 'user_tokens',
          userTable: 'people',
          userIdColumn: 'person_id',
          userColumn: 'owner',
          userIdType: integerKeys ? 'integer' : 'uuid',
        }),
      );
    },
  };
}

function peopleColumns(runner: QueryRunner, integerKeys: boolean, enabledType: ColumnType): TableColumn[] {
  const { driver, options } = runner.dataSource;
  const typed = (type: ColumnType, column: Omit<TableColumnOptions, 'type'>) =>
    new TableColumn({ ...column, type: driver.normalizeType({ type }) });
  const binary = options.type === 'mariadb' ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {};
  return [
    integerKeys
      ? typed('int', { name: 'person_id', isPrimary: true, isGenerated: true, generationStrategy: 'increment' })
      : typed('uuid', { name: 'person_id', isPrimary: true }),
    typed('varchar', { name: 'mail', length: '254', isUnique: true, ...binary }),
    typed('varchar', { name: 'pwd_hash', length: '200', ...binary }),
    typed(enabledType, { name: 'enabled', default: options.type === 'postgres' ? 'true' : '1' }),
    typed(Date, { name: 'confirmed_on', isNullable: true }),
    ...(integerKeys ? [] : [typed(Date, { name: 'registered_on', default: 'CURRENT_TIMESTAMP' })]),
    typed('varchar', { name: 'name', length: '100', isNullable: true }),
    typed('int', { name: 'points', default: '0' }),
  ];
}
