import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDatabases } from './support/databases.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { tokenIn } from './support/mailbox.js';
import { userRow } from './support/rows.js';
import { PASSWORD, type TestApp } from './support/test-app.js';
import { namedSchema } from './support/users-with-username.js';

const WRONG = 'not the passphrase of anybody';
/** Failures after which no wait helps. */
const MOST = 8;
const NEW_PASSWORD = 'another fine passphrase';

// Nobody need have an account for its name to be guessed at: whoever comes to own it must not find it locked.
describe.each(availableDatabases())(
  'what strangers have guessed for a name, counted on %s, is forgotten',
  (database) => {
    let t: TestApp;
    let last = 0;
    beforeAll(async () => {
      t = await createLimitedApp({
        database,
        schema: namedSchema(),
        limits: { mailsPerAddress: 0, loginMostTries: MOST },
      });
      t.clock.stopAt(new Date());
    });
    afterAll(() => t.close());

    const logIn = (name: string, password: string) =>
      t.client.post('/auth/login', { username: name, password }, from(address(last++)));

    const lockForAMonth = async (name: string) => {
      for (let tries = 0; tries < MOST; tries++) {
        expect((await logIn(name, WRONG)).status).toBe(401);
        if (tries >= 4) t.clock.advance({ seconds: 900 });
      }
      expect(Number((await logIn(name, PASSWORD)).headers.get('retry-after'))).toBeGreaterThan(29 * 86_400);
    };

    it('by an activation, for the address and the username alike', async () => {
      const [email, username] = ['newcomer@example.com', 'newcomer'];
      await lockForAMonth(email);
      await lockForAMonth(username);
      await t.client.post('/auth/signup', { email, username, password: PASSWORD });
      // A signup proves nothing yet: whoever fails could begin anew by it.
      expect((await logIn(email, PASSWORD)).status).toBe(429);
      const token = tokenIn(await t.mailbox.waitFor(email));
      expect((await t.client.post('/auth/activate', { token })).status).toBe(200);
      for (const name of [email, username]) expect((await logIn(name, PASSWORD)).status).toBe(200);
    });

    it('by a change of address, for the new one', async () => {
      const [email, newEmail] = ['mover@example.com', 'moved@example.com'];
      const { access_token: bearer } = await t.activeUser(email);
      await lockForAMonth(newEmail);
      // All the waits have outlived the session.
      const { body } = await logIn(email, PASSWORD);
      expect(bearer).not.toBe(body.access_token);
      const asked = await t.client.post(
        '/auth/email-change/request',
        { new_email: newEmail, current_password: PASSWORD },
        { bearer: body.access_token },
      );
      expect(asked.status).toBe(202);
      const token = tokenIn(await t.mailbox.waitFor(newEmail));
      expect((await logIn(newEmail, PASSWORD)).status).toBe(429);
      expect((await t.client.post('/auth/email-change/confirm', { token })).status).toBe(200);
      expect((await logIn(newEmail, PASSWORD)).status).toBe(200);
    });

    it('by an operator who sets the password', async () => {
      const email = 'helped@example.com';
      await t.activeUser(email);
      await lockForAMonth(email);
      const { id } = (await userRow(t, email))!;
      await t.app.get(AuthService).setPassword(id, NEW_PASSWORD);
      expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
    });
  },
);
