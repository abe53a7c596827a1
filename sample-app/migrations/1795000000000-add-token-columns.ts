import { addUserTokenColumns } from 'nestjs-gatehouse';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Brings a token table that an earlier version made up to date; where it was made by this one there is nothing to add. */
export class AddTokenColumns1795000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addUserTokenColumns(queryRunner, 'user_tokens');
  }

  /** The columns stay: earlier versions do not mind them. */
  async down(): Promise<void> {}
}
