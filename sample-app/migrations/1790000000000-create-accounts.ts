import { userTable, userTokenTable } from 'nestjs-gatehouse';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Makes both tables; the same code on SQLite, PostgreSQL, MariaDB and MySQL. */
export class CreateAccounts1790000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      userTable(queryRunner, {
        name: 'users',
        columns: [{ name: 'name', type: 'varchar', length: '100', isNullable: true }],
      }),
    );
    await queryRunner.createTable(userTokenTable(queryRunner, { name: 'user_tokens', userTable: 'users' }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('user_tokens');
    await queryRunner.dropTable('users');
  }
}
