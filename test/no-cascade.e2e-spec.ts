import { QueryFailedError } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDatabases } from './support/databases.js';
import { emailChanges } from './support/email-changes.js';
import { User } from './support/users-plain.js';
import { SCHEMA_WITHOUT_CASCADE } from './support/no-cascade.js';
import { tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

describe.each(availableDatabases())('where the foreign key of the tokens has no cascade, on %s', (database) => {
  let t: TestApp;
  const signUp = async (email: string) =>
    expect((await t.client.post('/auth/signup', { email, password: PASSWORD })).status).toBe(201);
  beforeAll(async () => {
    t = await createTestApp({ database, schema: SCHEMA_WITHOUT_CASCADE });
  });
  afterAll(() => t.close());

  it('the database refuses to delete an account that has rows', async () => {
    await signUp('kept@example.com');
    const deletion = t.dataSource.createQueryBuilder().delete().from(User).where({ email: 'kept@example.com' });
    await expect(deletion.execute()).rejects.toThrow(QueryFailedError);
  });

  it('a pending account gives way to the one that confirms its address', async () => {
    const on = emailChanges(t);
    const { user_id } = await t.activeUser('mover@example.com');
    const link = await on.linkTo('mover@example.com', 'wanted@example.com');
    await signUp('wanted@example.com');
    expect((await on.confirm(link)).status).toBe(200);
    expect((await userRow(t, 'wanted@example.com'))!.id).toBe(user_id);
    expect(await tokenRows(t, 'wanted@example.com', 'activation')).toHaveLength(1);
  });

  it('a pending account gives way to the one that returns to its address', async () => {
    const on = emailChanges(t);
    const { user_id } = await t.activeUser('returner@example.com');
    const link = await on.move('returner@example.com', 'elsewhere@example.com');
    await signUp('returner@example.com');
    await signUp('returner@example.com');
    expect((await on.undo(link)).status).toBe(200);
    expect((await userRow(t, 'returner@example.com'))!.id).toBe(user_id);
  });

  it('the own account is deleted with its rows', async () => {
    const { access_token: bearer } = await t.activeUser('leaver@example.com');
    await t.mailIsDone();
    const body = { current_password: PASSWORD };
    expect((await t.client.request('DELETE', '/auth/me', body, { bearer })).status).toBe(204);
    expect([await userRow(t, 'leaver@example.com'), await tokenRows(t, 'leaver@example.com')]).toEqual([null, []]);
  });
});
