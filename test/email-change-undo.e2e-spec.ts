import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenIn } from './support/mailbox.js';
import {
  emailChanges,
  expectDoneLink,
  expectRefusedLink,
  NOTICE_SUBJECT,
  RESET_SUBJECT,
} from './support/email-changes.js';
import type { EmailChanges } from './support/email-changes.js';
import { changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'a quite different passphrase';
const HIJACKERS_PASSWORD = 'what only a hijacker knows';

describe.each(stacks())('undoing an e-mail change on $database with $adapter, integer keys $integerKeys', (stack) => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp(stack);
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  /** The owner sets a password by the link that followed the undoing, and has the account alone. */
  async function expectOwned(email: string, userId: unknown): Promise<void> {
    expect((await on.reset(await on.mailedLink(email, RESET_SUBJECT), NEW_PASSWORD)).status).toBe(200);
    const me = await t.client.get('/auth/me', { bearer: await on.bearerOf(email, NEW_PASSWORD) });
    expect(me.body).toMatchObject({ id: userId, email, is_verified: true });
  }

  it('restores the address, ends password and sessions, and mails a link to set a new one', async () => {
    const [old, address] = ['owner@example.com', 'hijacked@example.com'];
    const { user_id } = await t.activeUser(old);
    const link = await on.move(old, address);
    const { body: hijackers } = await on.login(address);
    const answer = await on.undo(link);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        message: 'The account has its old address again; a link to set a new password is on its way there.',
        email: old,
        reset_url: null,
      },
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await on.access(hijackers.access_token)).toBe(401);
    expect(await on.refresh(hijackers.refresh_token)).toBe(401);
    for (const email of [old, address]) {
      for (const password of [PASSWORD, '', '!']) expect((await on.login(email, password)).status).toBe(401);
    }
    expect((await tokenRows(t, old, 'session')).every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect(await on.subjects(old)).toEqual([NOTICE_SUBJECT, RESET_SUBJECT]);
    await expectOwned(old, user_id);
    expectDoneLink(await on.undo(link));
  });

  it('survives logout everywhere, a new password and a reset by whoever has the account', async () => {
    const [old, address] = ['robbed@example.com', 'robber@example.com'];
    const { user_id } = await t.activeUser(old);
    const link = await on.move(old, address);
    const change = { current_password: PASSWORD, new_password: HIJACKERS_PASSWORD };
    const changed = await t.client.post('/auth/password-change', change, { bearer: await on.bearerOf(address) });
    expect(changed.status).toBe(204);
    await t.client.post('/auth/password-reset/request', { email: address });
    expect((await on.reset(await on.mailedLink(address, RESET_SUBJECT), `${HIJACKERS_PASSWORD}!`)).status).toBe(200);
    const bearer = await on.bearerOf(address, `${HIJACKERS_PASSWORD}!`);
    expect((await t.client.post('/auth/logout-all', undefined, { bearer })).status).toBe(204);
    expect((await on.undo(link)).status).toBe(200);
    expect((await on.login(address, `${HIJACKERS_PASSWORD}!`)).status).toBe(401);
    await expectOwned(old, user_id);
  });

  it('through a chain of changes gives the account to the owner, and the later links of the hijacker die', async () => {
    const { user_id } = await t.activeUser('chain-a@example.com');
    const owners = await on.move('chain-a@example.com', 'chain-b@example.com');
    const hijackers = await on.move('chain-b@example.com', 'chain-c@example.com');
    const latest = await on.move('chain-c@example.com', 'chain-d@example.com');
    // A link that waits for a click, and a reset link: neither outlives the undoing.
    const pending = await on.linkTo('chain-d@example.com', 'chain-e@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'chain-d@example.com' });
    const reset = await on.mailedLink('chain-d@example.com', RESET_SUBJECT);
    expect((await on.undo(owners)).body.email).toBe('chain-a@example.com');
    for (const link of [hijackers, latest]) expectRefusedLink(await on.undo(link));
    expectRefusedLink(await on.confirm(pending));
    expect((await on.reset(reset, HIJACKERS_PASSWORD)).status).toBe(400);
    await expectOwned('chain-a@example.com', user_id);
  });

  it('lets the owner win after the hijacker has used links of their own, in whatever order', async () => {
    for (const order of [[0, 1], [1, 0], [1], [0]]) {
      const name = `order-${order.join('')}`;
      const address = (letter: string) => `${name}-${letter}@example.com`;
      const { user_id } = await t.activeUser(address('a'));
      const owners = await on.move(address('a'), address('b'));
      const hijackers = [await on.move(address('b'), address('c')), await on.move(address('c'), address('d'))];
      for (const index of order) await on.undo(hijackers[index]);
      // An older link beats a newer one, also where the newer one was used first.
      expect((await userRow(t, address(order.includes(0) ? 'b' : 'c')))?.id).toBe(user_id);
      // Having set a password by a reset does not help either.
      const held = address(order.includes(0) ? 'b' : 'c');
      expect((await on.reset(await on.mailedLink(held, RESET_SUBJECT), HIJACKERS_PASSWORD)).status).toBe(200);
      expect((await on.undo(owners)).body.email).toBe(address('a'));
      for (const link of hijackers) expectRefusedLink(await on.undo(link));
      await expectOwned(address('a'), user_id);
    }
  });

  it('keeps the owner ahead where the clock of an instance is behind', async () => {
    const { user_id } = await t.activeUser('skew-a@example.com');
    const owners = await on.move('skew-a@example.com', 'skew-b@example.com');
    // The next change is confirmed by an instance whose clock is a minute behind: its row looks older.
    t.clock.advance({ seconds: -60 });
    const hijackers = await on.move('skew-b@example.com', 'skew-c@example.com');
    t.clock.advance({ seconds: 60 });
    expect((await on.undo(hijackers)).status).toBe(200);
    expect((await on.undo(owners)).body.email).toBe('skew-a@example.com');
    await expectOwned('skew-a@example.com', user_id);
  });

  it('cannot be blocked by a signup or by a pending change with the old address', async () => {
    const [old, address] = ['blocked@example.com', 'blocker@example.com'];
    const { user_id } = await t.activeUser(old);
    await t.activeUser('accomplice@example.com');
    const link = await on.move(old, address);
    await t.client.post('/auth/signup', { email: old, password: HIJACKERS_PASSWORD });
    await on.ask(await on.bearerOf('accomplice@example.com'), old);
    expect((await on.undo(link)).status).toBe(200);
    expect((await on.login(old, HIJACKERS_PASSWORD)).status).toBe(401);
    await expectOwned(old, user_id);
  });

  it('refuses an old address that somebody else has proved since, and keeps the link', async () => {
    const [old, address] = ['given-up@example.com', 'moved@example.com'];
    await t.activeUser(old);
    const link = await on.move(old, address);
    await t.activeUser('newcomer@example.com', NEW_PASSWORD);
    await changeUser(t, 'newcomer@example.com', { email: old });
    const { body: pair } = await on.login(address);
    expectRefusedLink(await on.undo(link));
    expect(await on.access(pair.access_token)).toBe(200);
    expect((await on.login(old, NEW_PASSWORD)).status).toBe(200);
    await changeUser(t, old, { email: 'newcomer-moved@example.com' });
    expect((await on.undo(link)).status).toBe(200);
  });

  it('leaves the link of an earlier change alone, which leads to an even older address', async () => {
    await t.activeUser('first@example.com');
    const toFirst = await on.move('first@example.com', 'second@example.com');
    const toSecond = await on.move('second@example.com', 'third@example.com');
    expect((await on.undo(toSecond)).body.email).toBe('second@example.com');
    expect((await on.undo(toFirst)).body.email).toBe('first@example.com');
  });

  it('refuses a used, expired, foreign or invented link alike, and a deactivated account', async () => {
    const [old, address] = ['undo-links@example.com', 'undo-links-new@example.com'];
    await t.activeUser(old);
    const link = await on.move(old, address);
    const pending = await on.linkTo(address, 'undo-links-newer@example.com');
    await t.client.post('/auth/signup', { email: 'undo-waiting@example.com', password: PASSWORD });
    const activation = tokenIn(await t.mailbox.waitFor('undo-waiting@example.com'));
    for (const bad of [pending, activation, '', 'x', 'A'.repeat(64), `${link}=`, link.slice(0, 63)]) {
      expectRefusedLink(await on.undo(bad));
    }
    await changeUser(t, address, { isActive: false });
    expectRefusedLink(await on.undo(link));
    expect(await userRow(t, address)).toMatchObject({ isActive: false });
    await changeUser(t, address, { isActive: true });
    expect((await on.login(address)).status).toBe(200);
    t.clock.advance({ seconds: 7 * 86_400 });
    expectRefusedLink(await on.undo(link));
    expect((await on.login(address)).status).toBe(200);
  });
});
