import { IsOptional, Matches } from 'class-validator';
import { BaseUser, BaseUserToken, SignupDto, userTable, userTokenTable } from 'nestjs-gatehouse';
import { Column, type DataSource, DeleteDateColumn, Entity, JoinColumn, ManyToOne, type QueryRunner } from 'typeorm';

/** A user with a number that nobody else may have, and whom the application deletes softly. */
@Entity('users')
export class Caller extends BaseUser {
  @Column({ type: 'varchar', length: 20, unique: true, nullable: true })
  phone!: string | null;

  @DeleteDateColumn({ name: 'deleted_at' })
  deletedAt!: Date | null;
}

@Entity('user_tokens')
export class CallerToken extends BaseUserToken {
  @ManyToOne(() => Caller, { onDelete: 'CASCADE', nullable: false })
  @JoinColumn({ name: 'user_id' })
  user!: Caller;
}

export class CallerSignupDto extends SignupDto {
  @IsOptional()
  @Matches(/^\+\d{5,15}$/)
  phone?: string;
}

/** The two tables, as the application's migration makes them. */
export const CALLER_SCHEMA = {
  userEntity: Caller,
  tokenEntity: CallerToken,
  createTables: async (runner: QueryRunner): Promise<void> => {
    await runner.createTable(
      userTable(runner, {
        name: 'users',
        columns: [
          { name: 'phone', type: 'varchar', length: '20', isNullable: true, isUnique: true, binary: true },
          { name: 'deleted_at', type: Date, isNullable: true },
        ],
      }),
    );
    await runner.createTable(userTokenTable(runner, { name: 'user_tokens', userTable: 'users' }));
  },
};

interface WithDataSource {
  dataSource: DataSource;
}

/** Deletes an account as the application does: the row stays. */
export async function softDelete({ dataSource }: WithDataSource, email: string): Promise<void> {
  await dataSource.getRepository(Caller).softDelete({ email });
}

/** The row of an address, soft-deleted or not. */
export function callerRow({ dataSource }: WithDataSource, email: string): Promise<Caller | null> {
  return dataSource.getRepository(Caller).findOne({ where: { email }, withDeleted: true });
}
