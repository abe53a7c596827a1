import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import { address, createLimitedApp, from } from './support/limited-app.js';
import { countTokens, countUsers } from './support/rows.js';
import { fillQueue } from './support/full-queue.js';
import { tokenIn } from './support/mailbox.js';
import { PASSWORD, type TestApp } from './support/test-app.js';

describe.each(availableDatabases())('mail that strangers cause, counted on %s', (database) => {
  let t: TestApp;
  let last = 0;
  beforeAll(async () => {
    t = await createLimitedApp({ database });
    t.clock.stopAt(new Date());
  });
  afterAll(() => t.close());

  const post = (path: string, body: object, ip = address(last++)) => t.client.post(`/auth/${path}`, body, from(ip));
  const mailsTo = async (email: string) => {
    await t.mailIsDone();
    return t.mailbox.to(email).length;
  };

  it('is five an hour to one mailbox, whoever asks and by whatever route, and the answers never tell', async () => {
    const [known, unknown] = ['known@example.com', 'unknown@example.com'];
    await t.activeUser(known);
    t.clock.advance({ seconds: 3600 });
    const before = await mailsTo(known);
    for (let round = 0; round < 8; round++) {
      const path = ['password-reset/request', 'activation/resend'][round % 2]!;
      expect(fingerprint(await post(path, { email: known }))).toEqual(
        fingerprint(await post(path, { email: unknown })),
      );
      // A link that is outdated before its mail left is not sent; of two of one instant, one is.
      await t.mailIsDone();
      t.clock.advance({ seconds: 1 });
    }
    await post('signup', { email: known, password: PASSWORD });
    // A resend for an active account mails nobody, and counts all the same: of eight, the first five.
    expect((await mailsTo(known)) - before).toBe(3);
    const rows = await countTokens(t);
    await post('password-reset/request', { email: known });
    await post('signup', { email: unknown, password: PASSWORD });
    expect(await countTokens(t)).toBe(rows);
    t.clock.advance({ seconds: 3600 });
    await post('password-reset/request', { email: known });
    expect((await mailsTo(known)) - before).toBe(4);
  });

  it('is five of fifty that ask at once', async () => {
    await t.activeUser('flooded@example.com');
    t.clock.advance({ seconds: 3600 });
    const before = await mailsTo('flooded@example.com');
    const rows = await countTokens(t);
    const answers = await inParallel(50, () => post('password-reset/request', { email: 'flooded@example.com' }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect((await countTokens(t)) - rows).toBe(5);
    // Only the newest of them works, so the others need not be sent.
    expect((await mailsTo('flooded@example.com')) - before).toBeLessThanOrEqual(5);
  });

  it('ends for a new address as well: a change of address to it is answered, and not mailed', async () => {
    const { access_token: bearer } = await t.activeUser('mover@example.com');
    const change = { new_email: 'target@example.com', current_password: PASSWORD };
    for (let round = 0; round < 7; round++) {
      const headers = { authorization: `Bearer ${bearer}`, 'x-forwarded-for': address(last++) };
      expect((await t.client.post('/auth/email-change/request', change, { headers })).status).toBe(202);
      await t.mailIsDone();
    }
    // The fifth is left for a reset.
    expect(await mailsTo('target@example.com')).toBe(4);
  });

  it('never uses up the mail by which the owner sets a new password, whatever else strangers ask for', async () => {
    const email = 'starved@example.com';
    await t.activeUser(email);
    t.clock.advance({ seconds: 3600 });
    for (let round = 0; round < 10; round++) await post('activation/resend', { email });
    for (let round = 0; round < 3; round++) await post('signup', { email, password: PASSWORD });
    const before = await mailsTo(email);
    await post('password-reset/request', { email });
    const token = tokenIn(await t.mailbox.waitFor(email, before + 1));
    // A stranger who asks for that one as well has it sent to the owner, for whom it works until the next.
    t.clock.advance({ seconds: 3590 });
    const reset = await post('password-reset/confirm', { token, new_password: 'another fine passphrase' });
    expect(reset.status).toBe(200);
  });

  it('counts for the network also where the mailbox has had its share: a signup costs a hash all the same', async () => {
    const signup = { email: 'hammered@example.com', password: PASSWORD };
    const statuses: number[] = [];
    for (let round = 0; round < 22; round++) statuses.push((await post('signup', signup, '203.0.113.41')).status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(statuses.slice(20)).toEqual([429, 429]);
    expect((await post('signup', signup, '203.0.113.42')).status).toBe(201);
  });

  it('does not count what was turned away because too many hashes waited: its mail was never made', async () => {
    const signup = { email: 'turned-away@example.com', password: PASSWORD };
    const makeRoom = fillQueue(t);
    for (let round = 0; round < 25; round++) expect((await post('signup', signup, '203.0.113.43')).status).toBe(503);
    await makeRoom();
    expect((await post('signup', signup, '203.0.113.43')).status).toBe(201);
    expect(await mailsTo(signup.email)).toBe(1);
  });

  it('is refused from one address of the network after twenty requests an hour, whatever the mailboxes', async () => {
    const ip = '203.0.113.40';
    for (let round = 0; round < 20; round++) {
      const path = ['password-reset/request', 'activation/resend'][round % 2]!;
      expect((await post(path, { email: `box${round}@example.com` }, ip)).status).toBe(202);
    }
    const before = await countUsers(t);
    const refused = await post('signup', { email: 'late@example.com', password: PASSWORD }, ip);
    expect([refused.status, refused.body.code]).toEqual([429, 'LIMIT_EXCEEDED']);
    expect(refused.headers.get('retry-after')).toBe('3600');
    expect((await post('password-reset/request', { email: 'late@example.com' }, ip)).status).toBe(429);
    expect(await countUsers(t)).toBe(before);
    // Refused for the network, the mailbox has still its share.
    for (let round = 0; round < 2; round++) await post('signup', { email: 'late@example.com', password: PASSWORD });
    expect(await mailsTo('late@example.com')).toBe(2);
  });
});
