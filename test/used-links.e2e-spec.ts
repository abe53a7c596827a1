import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import {
  CONFIRM_SUBJECT,
  type EmailChanges,
  emailChanges,
  expectDoneLink,
  expectRefusedLink,
  NOTICE_SUBJECT,
  RESET_SUBJECT,
} from './support/email-changes.js';
import { tokenIn } from './support/mailbox.js';
import { dump, userRow } from './support/rows.js';
import { stacks } from './support/stacks.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEXT_PASSWORD = 'a quite different passphrase';
const LAST_PASSWORD = 'yet another long passphrase';

/** The addresses of an account, one after the other. */
const a = (name: string) => `${name}-a@example.com`;
const b = (name: string) => `${name}-b@example.com`;
const c = (name: string) => `${name}-c@example.com`;

describe.each(stacks())('a used link on $database with $adapter, integer keys $integerKeys', (stack) => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp(stack);
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  /** Status and code of a link that is followed again, which must change nothing. */
  const again = async (follow: () => Promise<Answer>): Promise<[number, string]> => {
    await t.mailIsDone();
    const before = await dump(t);
    const { status, body } = await follow();
    expect(await dump(t)).toBe(before);
    return [status, body.code];
  };
  /** Moves an account, and gives both links: the one that did it, and the one that takes it back. */
  const moved = async (from: string, to: string, password = PASSWORD) => {
    const bearer = await on.bearerOf(from, password);
    expect((await on.ask(bearer, to, password)).status).toBe(202);
    const confirm = await on.mailedLink(to, CONFIRM_SUBJECT);
    expect((await on.confirm(confirm)).status).toBe(200);
    return { confirm, undo: await on.mailedLink(from, NOTICE_SUBJECT) };
  };
  const askReset = async (email: string): Promise<string> => {
    await t.client.post('/auth/password-reset/request', { email });
    return on.mailedLink(email, RESET_SUBJECT);
  };
  const resetTo = async (email: string, password: string): Promise<string> => {
    const link = await askReset(email);
    expect((await on.reset(link, password)).status).toBe(200);
    return link;
  };
  const changePassword = async (email: string, current_password: string, new_password: string): Promise<void> => {
    const bearer = await on.bearerOf(email, current_password);
    const change = { current_password, new_password };
    expect((await t.client.post('/auth/password-change', change, { bearer })).status).toBe(204);
  };
  const auth = () => t.app.get(AuthService);

  describe('to a new address', () => {
    it('says that it is done for as long as the account has the address, whatever becomes of the password', async () => {
      await t.activeUser(a('kept'));
      const { confirm } = await moved(a('kept'), b('kept'));
      expectDoneLink(await on.confirm(confirm));
      await changePassword(b('kept'), PASSWORD, NEXT_PASSWORD);
      await resetTo(b('kept'), LAST_PASSWORD);
      expect(await again(() => on.confirm(confirm))).toEqual([409, 'EMAIL_CHANGE_ALREADY_DONE']);
    });

    it('is refused once the change is undone', async () => {
      await t.activeUser(a('undone'));
      const { confirm, undo } = await moved(a('undone'), b('undone'));
      expect((await on.undo(undo)).status).toBe(200);
      expectRefusedLink(await on.confirm(confirm));
      await resetTo(a('undone'), NEXT_PASSWORD);
      expect(await again(() => on.confirm(confirm))).toEqual([400, 'EMAIL_CHANGE_INVALID_TOKEN']);
      expect(await userRow(t, b('undone'))).toBeNull();
    });

    it('is refused after a further change, and done again where that is undone', async () => {
      await t.activeUser(a('further'));
      const first = await moved(a('further'), b('further'));
      const second = await moved(b('further'), c('further'));
      expect(await again(() => on.confirm(first.confirm))).toEqual([400, 'EMAIL_CHANGE_INVALID_TOKEN']);
      expectDoneLink(await on.confirm(second.confirm));
      expect((await on.undo(second.undo)).body.email).toBe(b('further'));
      expectRefusedLink(await on.confirm(second.confirm));
      expectDoneLink(await on.confirm(first.confirm));
    });

    it('and back says that it is done until an older one, or a further change, gives the account another address', async () => {
      await t.activeUser(a('back'));
      const first = await moved(a('back'), b('back'));
      const second = await moved(b('back'), c('back'));
      expect((await on.undo(second.undo)).status).toBe(200);
      expectDoneLink(await on.undo(second.undo));
      expect((await on.undo(first.undo)).status).toBe(200);
      expectRefusedLink(await on.undo(second.undo));
      await resetTo(a('back'), NEXT_PASSWORD);
      expect(await again(() => on.undo(first.undo))).toEqual([409, 'EMAIL_CHANGE_ALREADY_DONE']);
      await moved(a('back'), c('back'), NEXT_PASSWORD);
      expect(await again(() => on.undo(first.undo))).toEqual([400, 'EMAIL_CHANGE_INVALID_TOKEN']);
    });
  });

  describe('that set a password', () => {
    const DONE = [409, 'PASSWORD_RESET_ALREADY_DONE'];
    const REFUSED = [400, 'PASSWORD_RESET_INVALID_TOKEN'];

    it('says so for as long as no other was set, however many links are asked for', async () => {
      const email = 'still@example.com';
      await t.activeUser(email);
      const link = await resetTo(email, NEXT_PASSWORD);
      await askReset(email);
      await on.login(email, NEXT_PASSWORD);
      expect(await again(() => on.reset(link, LAST_PASSWORD))).toEqual(DONE);
    });

    const OTHERS: Record<string, (email: string) => Promise<unknown>> = {
      'another reset': (email) => resetTo(email, LAST_PASSWORD),
      'a password change': (email) => changePassword(email, NEXT_PASSWORD, LAST_PASSWORD),
      'an operator': async (email) => auth().setPassword((await userRow(t, email))!.id, LAST_PASSWORD),
      'an undone change of address': async (email) => {
        const { undo } = await moved(email, `moved-${email}`, NEXT_PASSWORD);
        expect((await on.undo(undo)).status).toBe(200);
      },
    };
    it.each(Object.entries(OTHERS))('is refused after %s has set another', async (name, setAnother) => {
      const email = `${name.replaceAll(' ', '-')}@example.com`;
      await t.activeUser(email);
      const link = await resetTo(email, NEXT_PASSWORD);
      await setAnother(email);
      expect(await again(() => on.reset(link, LAST_PASSWORD))).toEqual(REFUSED);
      expect((await on.login(email, NEXT_PASSWORD)).status).toBe(401);
    });

    it('is refused once the mailbox it lies in is no longer that of the account', async () => {
      const email = 'mailbox@example.com';
      await t.activeUser(email);
      const link = await resetTo(email, NEXT_PASSWORD);
      await moved(email, `moved-${email}`, NEXT_PASSWORD);
      expect(await again(() => on.reset(link, LAST_PASSWORD))).toEqual(REFUSED);
    });
  });

  it('that activated says so for as long as the account is active, whatever becomes of its password and address', async () => {
    const email = 'activated@example.com';
    await t.client.post('/auth/signup', { email, password: PASSWORD });
    const token = tokenIn(await t.mailbox.waitFor(email));
    const follow = () => t.client.post('/auth/activate', { token });
    expect((await follow()).status).toBe(200);
    await changePassword(email, PASSWORD, NEXT_PASSWORD);
    await moved(email, `moved-${email}`, NEXT_PASSWORD);
    expect(await again(follow)).toEqual([409, 'ACTIVATION_ALREADY_DONE']);
    const { id } = (await userRow(t, `moved-${email}`))!;
    await auth().deactivate(id);
    expect(await again(follow)).toEqual([400, 'ACTIVATION_INVALID_TOKEN']);
    await auth().reactivate(id);
    expect(await again(follow)).toEqual([409, 'ACTIVATION_ALREADY_DONE']);
  });

  it('keeps no password hash, and of addresses the one it stands for', async () => {
    const rows: { purpose: string; payload: string | null }[] = await t.dataSource.query(
      'SELECT purpose, payload FROM user_tokens WHERE used_at IS NOT NULL AND payload IS NOT NULL',
    );
    expect(new Set(rows.map(({ purpose }) => purpose))).toEqual(new Set(['email-change', 'email-change-undo']));
    for (const { payload } of rows) expect(Object.keys(JSON.parse(payload!))).toEqual(['address']);
  });
});
