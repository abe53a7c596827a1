import { authLimitTable } from 'nestjs-gatehouse';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Makes the table in which all instances count tries together. */
export class AddLimits1796000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(authLimitTable(queryRunner, { name: 'auth_limits' }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('auth_limits');
  }
}
