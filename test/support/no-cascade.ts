import { userTable, userTokenTable } from 'nestjs-gatehouse';
import { User, UserToken } from './users-plain.js';
import type { Schema } from './test-app.js';

/** Tables as an application may have made them by hand: the foreign key is there, and deletes nothing. */
export const SCHEMA_WITHOUT_CASCADE: Schema = {
  userEntity: User,
  tokenEntity: UserToken,
  createTables: async (runner) => {
    const name = { name: 'name', type: 'varchar', length: '100', isNullable: true } as const;
    await runner.createTable(userTable(runner, { name: 'users', columns: [name] }));
    const tokens = userTokenTable(runner, { name: 'user_tokens', userTable: 'users' });
    tokens.foreignKeys[0]!.onDelete = 'NO ACTION';
    await runner.createTable(tokens);
  },
};
