import { authEventTable, userTable, userTokenTable } from 'nestjs-gatehouse';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Makes the tables of accounts, of their sessions and links, and of the audit trail; the same code on SQLite, PostgreSQL, MariaDB and MySQL. */
export class CreateAccounts1790000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      userTable(queryRunner, {
        name: 'users',
        username: true,
        columns: [
          { name: 'name', type: 'varchar', length: '100', isNullable: true },
          { name: 'locale', type: 'varchar', length: '35', isNullable: true },
          { name: 'role', type: 'varchar', length: '20', default: 'member' },
          { name: 'is_banned', type: 'boolean', default: false },
        ],
      }),
    );
    await queryRunner.createTable(userTokenTable(queryRunner, { name: 'user_tokens', userTable: 'users' }));
    await queryRunner.createTable(authEventTable(queryRunner, { name: 'auth_events' }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_events');
    await queryRunner.dropTable('user_tokens');
    await queryRunner.dropTable('users');
  }
}
