import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from './support/client.js';
import { availableDatabases } from './support/databases.js';
import {
  emailChanges,
  expectDoneLink,
  expectRefusedLink,
  NOTICE_SUBJECT,
  RESET_SUBJECT,
} from './support/email-changes.js';
import type { EmailChanges } from './support/email-changes.js';
import { changeUser, tokenRows, userRow } from './support/rows.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const CROWD = 50;

/** Resolves when the database has answered with a password hash: what is written then comes after. */
function untilHashIsRead({ dataSource }: TestApp): Promise<void> {
  return new Promise((resolve) => {
    dataSource.subscribers.push({
      afterQuery({ query }) {
        if (query.startsWith('SELECT') && query.includes('password_hash')) resolve();
      },
    });
  });
}

describe.each(availableDatabases())('parallel changes of an address on %s', (database) => {
  let t: TestApp;
  let on: EmailChanges;
  beforeAll(async () => {
    t = await createTestApp({ database });
    on = emailChanges(t);
  });
  afterAll(() => t.close());

  it('with one link: one confirms, everybody else is told that it is done, and one notice is owed', async () => {
    await t.activeUser('crowd@example.com');
    const link = await on.linkTo('crowd@example.com', 'crowd-new@example.com');
    const answers = await inParallel(CROWD, () => on.confirm(link));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(CROWD - 1);
    for (const answer of refused) expectDoneLink(answer);
    expect(await on.subjects('crowd@example.com')).toEqual([NOTICE_SUBJECT]);
    expect(await tokenRows(t, 'crowd-new@example.com', 'email-change-undo')).toHaveLength(1);
  });

  it('with one link back: one undoes, and one reset link is owed', async () => {
    await t.activeUser('back@example.com');
    const link = await on.move('back@example.com', 'back-new@example.com');
    const answers = await inParallel(CROWD, () => on.undo(link));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectDoneLink(answer);
    expect(await on.subjects('back@example.com')).toEqual([NOTICE_SUBJECT, RESET_SUBJECT]);
  });

  it('of two accounts to one address: one gets it, and the other loses neither address nor link', async () => {
    for (let round = 0; round < 6; round++) {
      const wanted = `contested-${round}@example.com`;
      const rivals = [`left-${round}@example.com`, `right-${round}@example.com`];
      for (const rival of rivals) await t.activeUser(rival);
      const links = [await on.linkTo(rivals[0]!, wanted), await on.linkTo(rivals[1]!, wanted)];
      const answers = await inParallel(2, (index) => on.confirm(links[index]));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
      const loser = answers.findIndex(({ status }) => status === 400);
      expectRefusedLink(answers[loser]!);
      expect((await on.login(rivals[loser]!)).status).toBe(200);
      expect((await tokenRows(t, rivals[loser]!, 'email-change')).at(-1)).toMatchObject({
        usedAt: null,
        revokedAt: null,
      });
      expect((await on.login(wanted)).status).toBe(200);
    }
  });

  it('of requests: one link at most is left, and it proves the address it was mailed to', async () => {
    const email = 'requests@example.com';
    const { access_token } = await t.activeUser(email);
    const addresses = Array.from({ length: 10 }, (_, index) => `request-${index}@example.com`);
    const answers = await inParallel(addresses.length, (index) => on.ask(access_token, addresses[index]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    await t.mailIsDone();
    // Requests that overlap may not see each other; the first link that is followed ends all others.
    const mailed = addresses.filter((address) => t.mailbox.to(address).length > 0);
    const links = await Promise.all(mailed.map((address) => on.mailedLink(address, 'Confirm your new address')));
    const confirmed = await inParallel(links.length, (index) => on.confirm(links[index]));
    const winners = mailed.filter((_, index) => confirmed[index]!.status === 200);
    expect(winners).toHaveLength(1);
    expect(await userRow(t, winners[0]!)).not.toBeNull();
    expect(await userRow(t, email)).toBeNull();
  });

  it('of the owner who undoes, and a hijacker who confirms or undoes: the owner has the account', async () => {
    for (let round = 0; round < 12; round++) {
      const address = (letter: string) => `duel-${round}-${letter}@example.com`;
      await t.activeUser(address('a'));
      const owners = await on.move(address('a'), address('b'));
      const confirms = round % 2 === 0;
      const hijackers = confirms
        ? await on.linkTo(address('b'), address('c'))
        : await on.move(address('b'), address('c'));
      const acts = [() => on.undo(owners), () => (confirms ? on.confirm(hijackers) : on.undo(hijackers))];
      // Each goes first in half of the rounds.
      const first = round % 4 < 2 ? 0 : 1;
      const answers = await inParallel(2, (index) => acts[(index + first) % 2]!());
      expect(answers[first]!.status).toBe(200);
      expect([200, 400]).toContain(answers[1 - first]!.status);
      await t.mailIsDone();
      const account = await userRow(t, address('a'));
      expect(account).toMatchObject({ passwordHash: '!' });
      // Whatever link the hijacker's win of the first moment has left is dead.
      const rows = await tokenRows(t, address('a'));
      const live = rows.filter((row) => row.usedAt === null && row.revokedAt === null && row.tokenHash !== null);
      expect(live.map(({ purpose }) => purpose)).toEqual(['password-reset']);
    }
  });

  it('leave no error in the log', () => {
    expect(t.logs.lines.filter((line) => /error|fail|deadlock|duplicate/i.test(line))).toEqual([]);
  });
});

describe.each(availableDatabases())('a request whose password is changed while it is verified, on %s', (database) => {
  it('ends no link that was asked for since, and makes none', async () => {
    // Slow enough for everything else to happen during the verification.
    const t = await createTestApp({ database, options: { hashing: { memoryKib: 65_536, timeCost: 4 } } });
    const on = emailChanges(t);
    const email = 'overtaken@example.com';
    const { access_token } = await t.activeUser(email);
    const link = await on.linkTo(email, 'mine@example.com');
    const hasReadHash = untilHashIsRead(t);
    const request = on.ask(access_token, 'theirs@example.com');
    await hasReadHash;
    await changeUser(t, email, { passwordHash: 'another' });
    expect((await request).status).toBe(202);
    await t.mailIsDone();
    expect(t.mailbox.to('theirs@example.com')).toEqual([]);
    expect((await on.confirm(link)).status).toBe(200);
    await t.close();
  });
});

it('a change at once that comes too late removes nobody who waits for the address', async () => {
  const hashing = { memoryKib: 65_536, timeCost: 4 };
  const t = await createTestApp({ mode: 'D', options: { hashing } });
  const on = emailChanges(t);
  const { access_token } = await t.activeUser('late@example.com');
  await t.activeUser('waits@example.com');
  await changeUser(t, 'waits@example.com', { isActive: false, emailVerifiedAt: null });
  const hasReadHash = untilHashIsRead(t);
  const request = on.ask(access_token, 'waits@example.com');
  await hasReadHash;
  await changeUser(t, 'late@example.com', { isActive: false });
  expect((await request).body).toMatchObject({ code: 'PASSWORD_CURRENT_WRONG' });
  expect(await userRow(t, 'waits@example.com')).not.toBeNull();
  expect(await userRow(t, 'late@example.com')).not.toBeNull();
  await t.close();
});
