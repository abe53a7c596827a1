import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { describeOnServers } from './support/databases.js';
import { emailChanges, type EmailChanges } from './support/email-changes.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const CROWD = 60;
/** In every second round the owner deletes the account, in the others its address changes. */
const ROUNDS = 6;
/**
 * How many strangers may be answered while the owner waits for one answer: about two for each of the crowd were seen, and
 * thousands where strangers overtake the owner at a lock. Counted, because a clock on a busy machine proves nothing.
 */
const MOST_ANSWERED_MEANWHILE = 10 * CROWD;

/** What strangers ask for who know nothing but an address. */
const REQUESTS = [
  ['reset links', '/auth/password-reset/request', {}],
  ['activation links', '/auth/activation/resend', {}],
  ['accounts', '/auth/signup', { password: 'a password of a stranger' }],
] as const;

/** What the owner does, one after the other, and the status at the first try. */
type Acts = [name: string, status: number, act: () => Promise<Answer>][];

// A request of a stranger that locks something makes the owner of the account wait, or deadlocks with what the owner does.
describeOnServers(`while ${CROWD} strangers ask under one address, on %s`, (database) => {
  /** The strangers have database connections of their own: all they could keep from the owner are locks. */
  let strangers: TestApp;
  let owners: TestApp;
  let on: EmailChanges;

  beforeAll(async () => {
    strangers = await createTestApp({ database, poolSize: 20 });
    owners = await createTestApp({ mode: 'C', on: strangers.database });
    on = emailChanges(owners);
  });
  afterAll(async () => {
    await owners.close();
    await strangers.close();
  });

  async function actsOf(email: string, round: number): Promise<Acts> {
    const { access_token: bearer, refresh_token } = await owners.activeUser(email);
    const token = /[\w-]{64}/.exec((await on.ask(bearer, `moved-${email}`)).text)![0];
    const current_password = PASSWORD;
    const change = { current_password, new_password: PASSWORD };
    const acts: Acts = [
      ['login', 200, () => on.login(email)],
      ['refresh', 200, () => owners.client.post('/auth/refresh', { refresh_token })],
    ];
    if (round % 2 === 1) return [...acts, ['e-mail change', 200, () => on.confirm(token)]];
    return [
      ...acts,
      ['password change', 204, () => owners.client.post('/auth/password-change', change, { bearer })],
      ['deletion', 204, () => owners.client.request('DELETE', '/auth/me', { current_password }, { bearer })],
    ];
  }

  it.each(REQUESTS)(
    'for %s, the owner does everything at the first try, and soon',
    async (_, path, more) => {
      for (let round = 0; round < ROUNDS; round++) {
        const email = `owner-${round}${path.replaceAll('/', '-')}@example.com`;
        const acts = await actsOf(email, round);
        const ask = () => strangers.client.post(path, { email, ...more });
        const answers = await amidst(ask, async (sofar) => {
          for (const [name, expected, act] of acts) {
            const before = sofar.length;
            const { status, body } = await act();
            expect([name, status, body?.code]).toEqual([name, expected, undefined]);
            expect(sofar.length - before, `answered during the ${name}`).toBeLessThan(MOST_ANSWERED_MEANWHILE);
          }
        });
        expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
      }
    },
    120_000,
  );

  it('leave no error in the log', () => {
    const logged = [...strangers.logs.lines, ...owners.logs.lines];
    expect(logged.filter((line) => /error|fail|deadlock/i.test(line))).toEqual([]);
  });
});

/** Lets the crowd ask again and again while something is done; gives what they are answered. */
async function amidst(
  ask: () => Promise<Answer>,
  work: (answers: readonly Answer[]) => Promise<void>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const over = new AbortController();
  const crowd = Array.from({ length: CROWD }, async () => {
    while (!over.signal.aborted) answers.push(await ask());
  });
  try {
    while (answers.length < CROWD) await nextTurn();
    await work(answers);
  } finally {
    over.abort();
    await Promise.all(crowd);
  }
  return answers;
}
