import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionCheck } from '../lib/engine/sessions/session-check.js';
import type { SessionWithUser } from '../lib/engine/sessions/session-state.js';
import { availableDatabases } from './support/databases.js';
import { inParallel } from './support/client.js';
import { claimsOf } from './support/jwt.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

interface SignedIn {
  sessionId: string;
  userId: string;
}

describe.each(availableDatabases())('the guard when many requests arrive at once, on %s', (kind) => {
  let t: TestApp;
  let check: SessionCheck;
  const users: SignedIn[] = [];

  beforeAll(async () => {
    t = await createTestApp({ mode: 'D', database: kind });
    check = t.app.get(SessionCheck, { strict: false });
    for (let number = 0; number < 5; number++) {
      const { user_id } = await t.activeUser(`user${number}@example.com`);
      users.push({ userId: user_id, sessionId: await login(number) });
    }
  });
  afterAll(() => t.close());

  async function login(number: number): Promise<string> {
    const { body } = await t.client.post('/auth/login', { email: `user${number}@example.com`, password: PASSWORD });
    return claimsOf(body.access_token)['sid'] as string;
  }

  const withUser = ({ sessionId }: SignedIn) => check.liveSession(sessionId, true);

  it('asks for all sessions of one turn in one statement, and gives each request its own user', async () => {
    let states: unknown[] = [];
    const statements = await t.statements.during(async () => {
      states = await Promise.all([...users, ...users].map(({ sessionId }) => check.liveSession(sessionId)));
    });
    expect(statements).toHaveLength(1);
    expect(states).toEqual([...users, ...users].map(({ userId }) => expect.objectContaining({ userId })));
  });

  it('finds the users of one turn in one statement where handlers ask for them, and shares none of them', async () => {
    let states: SessionWithUser[] = [];
    const statements = await t.statements.during(async () => {
      states = (await Promise.all(users.map(withUser))) as SessionWithUser[];
    });
    expect(statements).toHaveLength(1);
    expect(states.map(({ user }) => user)).toEqual(users.map(({ userId: id }) => expect.objectContaining({ id })));
    const [first, second] = await Promise.all([withUser(users[0]!), withUser(users[0]!)]);
    expect(first?.user).toMatchObject({ id: users[0]!.userId });
    expect(second).toMatchObject({ userId: users[0]!.userId });
    expect(second?.user).not.toBe(first?.user);
  });

  it('never gives a handler the password hash, nor the user of an ended session or of an inactive account', async () => {
    const live = await login(0);
    expect(await check.liveSession(live, true)).not.toHaveProperty('user.passwordHash');
    await t.dataSource.query(`UPDATE user_tokens SET revoked_at = 1 WHERE id = '${live}'`);
    expect(await check.liveSession(live, true)).toBeUndefined();
    const other = await login(0);
    const setActive = (isActive: boolean) =>
      t.dataSource.query(`UPDATE users SET is_active = ${isActive} WHERE id = '${users[0]!.userId}'`);
    await setActive(false);
    expect(await check.liveSession(other, true)).toBeUndefined();
    await setActive(true);
    expect(await check.liveSession(other, true)).toHaveProperty('user');
  });

  it('refuses the ended and the unknown session among live ones, and only those', async () => {
    const ended = await login(0);
    await t.dataSource.query(`UPDATE user_tokens SET revoked_at = 1 WHERE id = '${ended}'`);
    const unknown = '01890000-0000-7000-8000-000000000000';
    const states = await Promise.all(
      [users[0]!.sessionId, ended, users[1]!.sessionId, unknown, users[2]!.sessionId].map((id) =>
        check.liveSession(id),
      ),
    );
    expect(states.map((state) => state?.userId)).toEqual([
      users[0]!.userId,
      undefined,
      users[1]!.userId,
      undefined,
      users[2]!.userId,
    ]);
  });

  it('answers more sessions than one statement holds', async () => {
    const unknown = Array.from(
      { length: 150 },
      (_, index) => `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    );
    let states: unknown[] = [];
    const statements = await t.statements.during(async () => {
      states = await Promise.all([...unknown, users[4]!.sessionId].map((id) => check.liveSession(id)));
    });
    expect(statements).toHaveLength(3);
    expect(states).toEqual([...unknown.map(() => undefined), expect.objectContaining({ userId: users[4]!.userId })]);
  });

  it('lets no request that follows a logout share a look from before it', async () => {
    const outcomes = await inParallel(20, async () => {
      const { body } = await t.client.post('/auth/login', { email: 'user3@example.com', password: PASSWORD });
      const before = await t.client.get('/demo/bare', { bearer: body.access_token });
      await t.client.post('/auth/logout', { refresh_token: body.refresh_token });
      const after = await t.client.get('/demo/bare', { bearer: body.access_token });
      return [before.status, after.status];
    });
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => [200, 401]));
  });

  it('asks again on the next turn', async () => {
    const { sessionId } = users[4]!;
    const statements = await t.statements.during(async () => {
      expect(await check.liveSession(sessionId)).toBeDefined();
      await t.dataSource.query(`UPDATE user_tokens SET revoked_at = 1 WHERE id = '${sessionId}'`);
      expect(await check.liveSession(sessionId)).toBeUndefined();
    });
    expect(statements).toHaveLength(3);
  });
});
