import { AuthService } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { visible } from './support/client.js';
import {
  CONFIRM_SUBJECT,
  emailChanges,
  expectDoneLink,
  expectRefusedLink,
  NOTICE_SUBJECT,
  TAKEN_SUBJECT,
} from './support/email-changes.js';
import type { EmailChanges } from './support/email-changes.js';
import { tokenIn } from './support/mailbox.js';
import { LATER, wake } from './support/owed-mail.js';
import { addInactiveUser, changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const NEW_PASSWORD = 'a quite different passphrase';

describe.each(stacks())('e-mail change on $database with $adapter, integer keys $integerKeys', (stack) => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp(stack);
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  it('changes nothing before the link is followed, and then the address, and every session ends', async () => {
    const [old, address] = ['old@example.com', 'new@example.com'];
    const first = await t.activeUser(old);
    const { body: second } = await on.login(old);
    const bystander = await t.activeUser('bystander@example.com');
    const asked = await on.ask(first.access_token, ' NEW@Example.com ');
    expect([asked.status, asked.body]).toEqual([
      202,
      { message: 'If the address can be used, a link to confirm it is on its way there.', email_change_url: null },
    ]);
    expect(asked.headers.get('cache-control')).toBe('no-store');
    const link = await on.mailedLink(address, CONFIRM_SUBJECT);
    expect((await on.login(old)).status).toBe(200);
    expect((await on.login(address)).status).toBe(401);
    expect(await on.access(first.access_token)).toBe(200);

    t.clock.advance({ seconds: 60 });
    const before = t.clock.now();
    const confirmed = await on.confirm(link);
    expect([confirmed.status, confirmed.body]).toEqual([
      200,
      { message: 'The address is changed; log in with it.', email: address, undo_url: null },
    ]);
    expect(confirmed.headers.get('cache-control')).toBe('no-store');
    for (const pair of [first, second]) {
      expect(await on.access(pair.access_token)).toBe(401);
      expect(await on.refresh(pair.refresh_token)).toBe(401);
    }
    // No session comes of it: a mistyped address would sign a stranger in.
    expect((await tokenRows(t, address, 'session')).every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect((await on.login(old)).status).toBe(401);
    const me = await t.client.get('/auth/me', { bearer: await on.bearerOf(address) });
    expect(me.body).toMatchObject({ email: address, is_active: true, is_verified: true });
    expect((await userRow(t, address))!.emailVerifiedAt!.getTime()).toBeGreaterThanOrEqual(before);
    expect(await on.subjects(old)).toEqual([NOTICE_SUBJECT]);
    expect(await on.subjects(address)).toEqual([CONFIRM_SUBJECT]);

    expect(await on.access(bystander.access_token)).toBe(200);
    expect(await on.subjects('bystander@example.com')).toEqual([]);
  });

  it('mails the new address without a word about the old one, and the old one without a word about the new', async () => {
    const [old, address] = ['quiet-old@example.com', 'quiet-new@example.com'];
    await t.activeUser(old);
    await on.move(old, address);
    const [ask] = t.mailbox.to(address);
    const [, notice] = t.mailbox.to(old);
    expect(ask!.recipients).toEqual([address]);
    expect(`${ask!.text}${ask!.html}`).not.toContain('quiet-old');
    expect(notice!.recipients).toEqual([old]);
    expect(`${notice!.text}${notice!.html}`).not.toContain('quiet-new');
    expect(ask!.text).toMatch(/http:\/\/localhost:5173\/confirm-email\?token=[\w-]{64}\n/);
    expect(notice!.text).toMatch(/http:\/\/localhost:5173\/undo-email-change\?token=[\w-]{64}\n/);
  });

  it('answers a free, a taken, a pending and the own address alike, and mails who should know', async () => {
    const { access_token } = await t.activeUser('asker@example.com');
    await t.activeUser('taken@example.com');
    await t.activeUser('off@example.com');
    await changeUser(t, 'off@example.com', { isActive: false });
    await t.client.post('/auth/signup', { email: 'pending@example.com', password: PASSWORD });
    const addresses = ['free', 'taken', 'off', 'pending', 'asker'].map((name) => `${name}@example.com`);
    const answers = [];
    for (const address of addresses) {
      answers.push(await on.ask(access_token, address));
      // The next request would revoke what is not sent yet.
      await t.mailIsDone();
    }
    for (const answer of answers) expect(visible(answer)).toEqual(visible(answers[0]!));
    expect(answers[0]!.status).toBe(202);
    const mails = [];
    for (const address of addresses) mails.push(await on.subjects(address));
    // A signup that waits for its link has proved nothing, so its address counts as free.
    expect(mails).toEqual([[CONFIRM_SUBJECT], [TAKEN_SUBJECT], [TAKEN_SUBJECT], [CONFIRM_SUBJECT], []]);
    expect(() => tokenIn(t.mailbox.to('taken@example.com')[1]!)).toThrow('has no link');
    // The last request asked for the own address: no link is left.
    expectRefusedLink(await on.confirm(await on.mailedLink('pending@example.com', CONFIRM_SUBJECT)));
    expect((await on.login('asker@example.com')).status).toBe(200);
    expect((await on.login('taken@example.com')).status).toBe(200);
  });

  it('asks for a bearer token and the password, and without either does nothing', async () => {
    const email = 'password@example.com';
    const { access_token } = await t.activeUser(email);
    const body = { new_email: 'stolen@example.com', current_password: PASSWORD };
    const guest = await t.client.post('/auth/email-change/request', body);
    expect([guest.status, guest.body.code]).toEqual([401, 'ACCESS_UNAUTHENTICATED']);
    const wrong = await on.ask(access_token, 'stolen@example.com', 'wrong but long enough');
    expect([wrong.status, wrong.body.code]).toEqual([400, 'PASSWORD_CURRENT_WRONG']);
    for (const bad of [
      undefined,
      null,
      1,
      '',
      'x',
      ['a@example.com'],
      'a@example.com,b@example.com',
      'a@b@c.example',
    ]) {
      expect((await on.ask(access_token, bad)).body).toMatchObject({ code: 'INPUT_INVALID' });
    }
    for (const extra of [{ user_id: 1 }, { email: 'x@example.com' }, { is_active: true }]) {
      const answer = await t.client.post('/auth/email-change/request', { ...body, ...extra }, { bearer: access_token });
      expect(answer.body.code).toBe('INPUT_INVALID');
    }
    expect(await on.subjects('stolen@example.com')).toEqual([]);
    expect(await tokenRows(t, email, 'email-change')).toEqual([]);
  });

  it('refuses a replaced, expired, foreign or invented link alike, tells that a used one did its work, and changes nothing', async () => {
    const email = 'links@example.com';
    await t.activeUser(email);
    const replaced = await on.linkTo(email, 'links-replaced@example.com');
    const expired = await on.linkTo(email, 'links-expired@example.com');
    t.clock.advance({ seconds: 86_400 });
    await t.client.post('/auth/password-reset/request', { email });
    const reset = await on.mailedLink(email, 'Reset your password');
    await t.activeUser('used@example.com');
    const used = await on.linkTo('used@example.com', 'used-new@example.com');
    expect((await on.confirm(used)).status).toBe(200);
    const undo = await on.mailedLink('used@example.com', NOTICE_SUBJECT);
    const links = [replaced, expired, undo, reset, '', 'x', 'A'.repeat(64), `${expired}=`, ` ${expired}`];
    for (const link of links) expectRefusedLink(await on.confirm(link));
    expectDoneLink(await on.confirm(used));
    for (const link of [undefined, null, 1, {}, { $gt: '' }, [expired]]) {
      expect((await on.confirm(link)).body).toMatchObject({ statusCode: 400, code: 'INPUT_INVALID' });
    }
    expect((await on.login(email)).status).toBe(200);
    expect((await on.login('used-new@example.com')).status).toBe(200);
    // Neither foreign link is burnt.
    expect((await on.reset(reset, NEW_PASSWORD)).status).toBe(200);
    expect((await on.undo(undo)).status).toBe(200);
  });

  it('of two requests that interleave, the first link is dead and the second proves its own address only', async () => {
    // devise CVE-2026-32700: the token of one request confirmed the address of the other.
    const email = 'interleaved@example.com';
    await t.activeUser(email);
    const mine = await on.linkTo(email, 'mine@example.com');
    const victims = await on.linkTo(email, 'victim@example.com');
    expectRefusedLink(await on.confirm(mine));
    expect((await on.login(email)).status).toBe(200);
    expect((await on.confirm(victims)).body.email).toBe('victim@example.com');
    expect(await userRow(t, 'mine@example.com')).toBeNull();
  });

  it('ends reset links mailed before, and a reset ends the pending change', async () => {
    // https://github.com/parse-community/parse-server/issues/5104: the old mailbox kept a way in.
    const email = 'before@example.com';
    await t.activeUser(email);
    await t.client.post('/auth/password-reset/request', { email });
    const reset = await on.mailedLink(email, 'Reset your password');
    await on.move(email, 'after@example.com');
    const late = await on.reset(reset, NEW_PASSWORD);
    expect([late.status, late.body.code]).toEqual([400, 'PASSWORD_RESET_INVALID_TOKEN']);
    expect((await on.login('after@example.com')).status).toBe(200);

    // Whoever asked for a change in a stolen session must not come back by its link when the owner has reset.
    const pending = await on.linkTo('after@example.com', 'hijacker@example.com');
    await t.client.post('/auth/password-reset/request', { email: 'after@example.com' });
    expect((await on.reset(await on.mailedLink('after@example.com', 'Reset your password'), NEW_PASSWORD)).status).toBe(
      200,
    );
    expectRefusedLink(await on.confirm(pending));
    expect((await on.login('after@example.com', NEW_PASSWORD)).status).toBe(200);
  });

  it('refuses an address that was taken meanwhile like a bad link, and keeps the link', async () => {
    const [email, wanted] = ['late@example.com', 'wanted@example.com'];
    const { access_token } = await t.activeUser(email);
    const link = await on.linkTo(email, wanted);
    await t.activeUser('quicker@example.com', NEW_PASSWORD);
    await changeUser(t, 'quicker@example.com', { email: wanted });
    expectRefusedLink(await on.confirm(link));
    expect((await on.login(wanted, NEW_PASSWORD)).status).toBe(200);
    expect(await on.access(access_token)).toBe(200);
    expect(await on.subjects(email)).toEqual([]);
    await changeUser(t, wanted, { email: 'moved-away@example.com' });
    expect((await on.confirm(link)).body.email).toBe(wanted);
  });

  it('takes the address of a signup that nobody has confirmed, and the signup goes', async () => {
    const [email, wanted] = ['mover@example.com', 'squatted@example.com'];
    await t.activeUser(email);
    await t.client.post('/auth/signup', { email: wanted, password: 'the passphrase of a squatter' });
    const squatters = tokenIn(await t.mailbox.waitFor(wanted));
    await on.move(email, wanted);
    expect((await t.client.post('/auth/activate', { token: squatters })).status).toBe(400);
    expect((await on.login(wanted, 'the passphrase of a squatter')).status).toBe(401);
    expect((await on.login(wanted)).status).toBe(200);
  });

  it('does not take the address of an inactive account of before the module, which stays', async () => {
    const [email, wanted] = ['mover-on@example.com', 'before@example.com'];
    const { access_token } = await t.activeUser(email);
    await addInactiveUser(t, wanted);
    await t.client.post('/auth/signup', { email: wanted, password: 'the passphrase of a squatter' });
    const { id } = (await userRow(t, wanted))!;
    expectRefusedLink(await on.confirm(await on.linkTo(email, wanted)));
    expect(await userRow(t, wanted)).toMatchObject({ id, isActive: false, passwordHash: 'x' });
    expect(await on.access(access_token)).toBe(200);
  });

  it('does nothing for an account that was deactivated since', async () => {
    const email = 'expelled@example.com';
    await t.activeUser(email);
    const link = await on.linkTo(email, 'expelled-new@example.com');
    await changeUser(t, email, { isActive: false });
    expectRefusedLink(await on.confirm(link));
    expect(await userRow(t, email)).toMatchObject({ isActive: false });
    expect(await on.subjects(email)).toEqual([]);
  });

  it('bites in every instance on the very next request', async () => {
    const email = 'instances@example.com';
    const pair = await t.activeUser(email);
    const link = await on.linkTo(email, 'instances-new@example.com');
    const other = await createTestApp({ ...stack, on: t.database });
    other.clock.advance({ seconds: (t.clock.now() - other.clock.now()) / 1000 });
    try {
      expect((await other.client.get('/demo/bare', { bearer: pair.access_token })).status).toBe(200);
      expect((await on.confirm(link)).status).toBe(200);
      const elsewhere = await other.client.get('/demo/bare', { bearer: pair.access_token });
      expect([elsewhere.status, elsewhere.body.code]).toEqual([401, 'ACCESS_INVALID_TOKEN']);
      const { refresh_token } = pair;
      expect((await other.client.post('/auth/refresh', { refresh_token })).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('puts no link and no password in the log or at rest', async () => {
    const email = 'at-rest@example.com';
    await t.activeUser(email);
    const link = await on.linkTo(email, 'at-rest-new@example.com');
    expect((await on.confirm(link)).status).toBe(200);
    const undo = await on.mailedLink(email, NOTICE_SUBJECT);
    const rows = JSON.stringify(await tokenRows(t, 'at-rest-new@example.com'));
    for (const secret of [link, undo, PASSWORD]) {
      expect(rows).not.toContain(secret);
      expect(t.logs.lines.join('\n')).not.toContain(secret);
    }
  });
});

describe('e-mail change', () => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp();
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  it('lives up to the last second of its link', async () => {
    await t.activeUser('ages@example.com');
    const link = await on.linkTo('ages@example.com', 'ages-new@example.com');
    t.clock.advance({ seconds: 86_399 });
    expect((await on.confirm(link)).status).toBe(200);
  });

  it('does not wait for mail, and tells the old address when the server is back', async () => {
    const email = 'smtp@example.com';
    await t.activeUser(email);
    const link = await on.linkTo(email, 'smtp-new@example.com');
    await t.mailbox.goDown();
    expect((await on.confirm(link)).status).toBe(200);
    const again = await on.ask(await on.bearerOf('smtp-new@example.com'), 'smtp-newest@example.com');
    expect(again.status).toBe(202);
    await vi.waitFor(async () => {
      const rows = await tokenRows(t, 'smtp-new@example.com');
      expect(rows.filter(({ mailError }) => mailError !== null)).toHaveLength(2);
    }, 10_000);
    await t.mailbox.goUp();
    t.clock.advance(LATER);
    wake(t);
    // Late as it is, the notice goes to the address that was taken away, and the question to the one asked for.
    expect(await on.subjects(email)).toEqual([NOTICE_SUBJECT]);
    expect(await on.subjects('smtp-newest@example.com')).toEqual([CONFIRM_SUBJECT]);
    expect(await on.subjects('smtp-new@example.com')).toEqual([CONFIRM_SUBJECT]);
  });
});

describe.each(['express', 'fastify'] as const)('e-mail change in mode C with %s', (adapter) => {
  it('answers with every link, and sends no mail', async () => {
    const t = await createTestApp({ mode: 'C', adapter });
    try {
      const on = emailChanges(t);
      const { access_token } = await t.activeUser('c@example.com');
      await t.activeUser('c-taken@example.com');
      expect((await on.ask(access_token, 'c-taken@example.com')).body.email_change_url).toBeNull();
      const { body: asked } = await on.ask(access_token, 'c-new@example.com');
      expect(asked.email_change_url).toMatch(/^http:\/\/localhost:5173\/confirm-email\?token=[\w-]{64}$/);
      const { body: confirmed } = await on.confirm(asked.email_change_url.slice(-64));
      expect(confirmed.email).toBe('c-new@example.com');
      expect(confirmed.undo_url).toMatch(/^http:\/\/localhost:5173\/undo-email-change\?token=[\w-]{64}$/);
      const { body: undone } = await on.undo(confirmed.undo_url.slice(-64));
      expect(undone.email).toBe('c@example.com');
      expect((await on.reset(undone.reset_url.slice(-64), NEW_PASSWORD)).status).toBe(200);
      expect((await on.login('c@example.com', NEW_PASSWORD)).status).toBe(200);
      expect(t.mailbox.mails).toEqual([]);
    } finally {
      await t.close();
    }
  });
});

describe('e-mail change in mode D', () => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp({ mode: 'D' });
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  it('applies at once, unproved, and ends every session', async () => {
    const { access_token } = await t.activeUser('d@example.com');
    expect((await on.ask(access_token, 'd-new@example.com', 'wrong but long enough')).status).toBe(400);
    expect((await on.login('d@example.com')).status).toBe(200);
    const answer = await on.ask(access_token, 'd-new@example.com');
    expect([answer.status, answer.body.email_change_url]).toEqual([202, null]);
    expect(await on.access(access_token)).toBe(401);
    expect((await on.login('d@example.com')).status).toBe(401);
    const me = await t.client.get('/auth/me', { bearer: await on.bearerOf('d-new@example.com') });
    expect(me.body).toMatchObject({ email: 'd-new@example.com', is_verified: false });
    expect(t.mailbox.mails).toEqual([]);
  });

  it('leaves everything as it is for a taken address and the own one', async () => {
    const { access_token } = await t.activeUser('d-asker@example.com');
    await t.activeUser('d-taken@example.com', NEW_PASSWORD);
    for (const address of ['d-taken@example.com', 'd-asker@example.com']) {
      expect((await on.ask(access_token, address)).status).toBe(202);
      expect(await on.access(access_token)).toBe(200);
    }
    expect((await on.login('d-taken@example.com', NEW_PASSWORD)).status).toBe(200);
  });
});

describe('the facade', () => {
  it('changes an address and takes it back without HTTP', async () => {
    const t = await createTestApp({ mode: 'C' });
    try {
      const auth = t.app.get(AuthService);
      const { user_id } = await t.activeUser('facade@example.com');
      const url = await auth.requestEmailChange(user_id, 'facade-new@example.com', PASSWORD);
      const { email, undoUrl } = await auth.confirmEmailChange(url!.slice(-64));
      expect(email).toBe('facade-new@example.com');
      expect(await auth.undoEmailChange(undoUrl!.slice(-64))).toMatchObject({ email: 'facade@example.com' });
    } finally {
      await t.close();
    }
  });
});
