import { setImmediate as nextTurn } from 'node:timers/promises';
import { AuthService, type TokenPair } from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableDrivers } from './support/databases.js';
import { Gate, type Point } from './support/gate.js';
import { tokenRows, userRow, type UserRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const OWNERS_NEXT = 'the next passphrase of the owner';
const OTHERS_NEXT = 'the next passphrase of somebody else';

/** An account, and what its owner knows. */
interface Owned {
  id: string;
  email: string;
  password: string;
  /** Of the session it began with. */
  pair: TokenPair;
}

const tokenOf = (url: string | null | undefined): string => /[\w-]{64}/.exec(url!)![0];

describe.each(availableDrivers())('of two flows of one account that overlap, on %s,', (database) => {
  let t: TestApp;
  let auth: AuthService;
  let count = 0;

  beforeAll(async () => {
    t = await createTestApp({ database, mode: 'C', options: { hooks: Gate } });
    auth = t.app.get(AuthService);
  });
  afterAll(() => t.close());

  const nextAddress = () => `pair-${++count}@example.com`;

  async function owned(): Promise<Owned> {
    const email = nextAddress();
    const { user_id: id, access_token: accessToken, refresh_token: refreshToken } = await t.activeUser(email);
    return { id, email, password: PASSWORD, pair: { accessToken, refreshToken } as TokenPair };
  }

  const live = async (email: string): Promise<string[]> =>
    (await tokenRows(t, email, 'session')).filter(({ revokedAt }) => revokedAt === null).map(({ id }) => id);

  async function opens({ accessToken, refreshToken }: TokenPair): Promise<[number, number]> {
    const access = await t.client.get('/demo/bare', { bearer: accessToken });
    return [access.status, (await t.client.post('/auth/refresh', { refresh_token: refreshToken })).status];
  }

  const resetLink = async (email: string) => tokenOf(await auth.requestPasswordReset(email));
  const changeLink = async ({ id, password }: Owned, to: string) =>
    tokenOf(await auth.requestEmailChange(id, to, password));

  /** What proves something of the account as it is, and where it is held before it makes use of that. */
  const HELD: Record<string, { point: Point; start(owner: Owned): Promise<() => Promise<number>> }> = {
    'a login': {
      point: 'before the session of login',
      start:
        async ({ email, password }) =>
        () =>
          status('/auth/login', { email, password }),
    },
    'a sign-in by the application': {
      point: 'before the session of application',
      start:
        async ({ id }) =>
        () =>
          auth.signIn(id).then(
            () => 200,
            () => 401,
          ),
    },
    'a refresh': {
      point: 'before the session of refresh',
      start:
        async ({ pair }) =>
        () =>
          status('/auth/refresh', { refresh_token: pair.refreshToken }),
    },
    'a password change': {
      point: 'before the password change',
      start: async ({ password, pair }) => {
        const body = { current_password: password, new_password: OTHERS_NEXT };
        return () => status('/auth/password-change', body, pair.accessToken);
      },
    },
    'a password reset': {
      point: 'before the password reset',
      start: async ({ email }) => {
        const body = { token: await resetLink(email), new_password: OTHERS_NEXT };
        return () => status('/auth/password-reset/confirm', body);
      },
    },
    'the session of a password reset': {
      point: 'before the session of password-reset',
      start: async (owner) => {
        const body = { token: await resetLink(owner.email), new_password: OTHERS_NEXT };
        owner.password = OTHERS_NEXT;
        return () => status('/auth/password-reset/confirm', body);
      },
    },
    'an e-mail change': {
      point: 'before the e-mail change',
      start: async (owner) => {
        const token = await changeLink(owner, nextAddress());
        return () => status('/auth/email-change/confirm', { token });
      },
    },
  };

  const status = async (path: string, body: object, bearer?: string) =>
    (await t.client.post(path, body, { bearer })).status;

  /** What makes an end of all that was proved before it. */
  const OVERTAKING: Record<string, (owner: Owned) => Promise<unknown>> = {
    'a password change': ({ id, password }) => auth.changePassword(id, password, OWNERS_NEXT),
    'a password reset': async ({ email }) => auth.confirmPasswordReset(await resetLink(email), OWNERS_NEXT),
    'an e-mail change': async (owner) => {
      const to = nextAddress();
      await auth.confirmEmailChange(await changeLink(owner, to));
      owner.email = to;
    },
    'an e-mail change and its undoing': async (owner) => {
      const { undoUrl } = await auth.confirmEmailChange(await changeLink(owner, nextAddress()));
      await auth.undoEmailChange(tokenOf(undoUrl));
    },
    'a password that an operator sets': async ({ id }) => {
      expect(await auth.setPassword(id, OWNERS_NEXT)).toBe(true);
    },
    'a deactivation': async ({ id }) => {
      expect(await auth.deactivate(id)).toBe(true);
    },
    'a deletion': ({ id, password }) => auth.deleteAccount(id, password),
  };

  describe.each(Object.keys(HELD))('%s', (held) => {
    it.each(Object.keys(OVERTAKING))('that is overtaken by %s comes to nothing', async (overtaking) => {
      const { point, start } = HELD[held]!;
      const owner = await owned();
      const former = { ...owner };
      const go = await start(owner);
      const after: { row: UserRow | null; sessions: string[] } = { row: null, sessions: [] };
      Gate.point = point;
      Gate.act = async () => {
        await OVERTAKING[overtaking]!(owner);
        after.row = await userRow(t, owner.email);
        after.sessions = await live(owner.email);
      };
      expect([400, 401]).toContain(await go());
      expect(Gate.point).toBeUndefined();
      // Neither the account nor any session is of the flow that came too late.
      expect(await userRow(t, owner.email)).toEqual(after.row);
      expect(await live(owner.email)).toEqual(after.sessions);
      expect(after.sessions).toHaveLength(overtaking === 'a password reset' ? 1 : 0);
      expect(await opens(former.pair)).toEqual([401, 401]);
      for (const password of [PASSWORD, OTHERS_NEXT]) {
        expect(await status('/auth/login', { email: former.email, password })).toBe(401);
      }
    });
  });

  /** Ways to make a pending account active. */
  const ACTIVATING: Record<string, { point: Point; path: string; body(email: string): Promise<object> }> = {
    'an activation': {
      point: 'before the activation',
      path: '/auth/activate',
      body: async (email) => ({ token: tokenOf((await auth.resendActivation(email))!) }),
    },
    'a password reset that activates': {
      point: 'before the password reset',
      path: '/auth/password-reset/confirm',
      body: async (email) => ({ token: await resetLink(email), new_password: OTHERS_NEXT }),
    },
  };

  /** What becomes of a pending account meanwhile. */
  const MEANWHILE: Record<string, (email: string, id: string) => Promise<unknown>> = {
    'an activation': async (email) => auth.activate(tokenOf(await auth.resendActivation(email))),
    'a password reset': async (email) => auth.confirmPasswordReset(await resetLink(email), OWNERS_NEXT),
    'a deactivation': async (_, id) => auth.deactivate(id),
  };

  describe.each(Object.keys(ACTIVATING))('%s', (activating) => {
    it.each(Object.keys(MEANWHILE))('that is overtaken by %s comes to nothing', async (meanwhile) => {
      const { point, path, body } = ACTIVATING[activating]!;
      const email = nextAddress();
      await t.client.post('/auth/signup', { email, password: PASSWORD });
      const { id } = (await userRow(t, email))!;
      const sent = await body(email);
      const after: { row: UserRow | null; sessions: string[] } = { row: null, sessions: [] };
      Gate.point = point;
      Gate.act = async () => {
        await MEANWHILE[meanwhile]!(email, String(id));
        after.row = await userRow(t, email);
        after.sessions = await live(email);
      };
      expect([400, 409]).toContain(await status(path, sent));
      expect(Gate.point).toBeUndefined();
      expect(await userRow(t, email)).toEqual(after.row);
      expect(await live(email)).toEqual(after.sessions);
      expect(after.sessions).toHaveLength(meanwhile === 'a deactivation' ? 0 : 1);
      expect(await status('/auth/login', { email, password: OTHERS_NEXT })).toBe(401);
    });
  });

  it.each(Object.keys(OVERTAKING))(
    'the session of an activation that is overtaken by %s is not opened',
    async (name) => {
      const email = nextAddress();
      const { body } = await t.client.post('/auth/signup', { email, password: PASSWORD });
      const owner = { id: body.user_id, email, password: PASSWORD } as Owned;
      let sessions: string[] = [];
      Gate.point = 'before the session of activation';
      Gate.act = async () => {
        await OVERTAKING[name]!(owner);
        sessions = await live(owner.email);
      };
      expect(await status('/auth/activate', { token: tokenOf(body.activation_url) })).toBe(401);
      expect(Gate.point).toBeUndefined();
      expect(await live(owner.email)).toEqual(sessions);
    },
  );

  /** What is under way, with its writes not committed, when somebody comes in by what is true no longer. */
  const UNDER_WAY: Record<string, { point: Point; change(owner: Owned): Promise<() => Promise<unknown>> }> = {
    'a password change': {
      point: 'within the password change',
      change: async (owner) => () => OVERTAKING['a password change']!(owner),
    },
    'a password reset': {
      point: 'within the password reset',
      change: async (owner) => () => OVERTAKING['a password reset']!(owner),
    },
    'an e-mail change': {
      point: 'within the e-mail change',
      change: async (owner) => {
        const token = await changeLink(owner, nextAddress());
        return async () => void (owner.email = (await auth.confirmEmailChange(token)).email);
      },
    },
    'an undone e-mail change': {
      point: 'within the e-mail change',
      change: async (owner) => {
        const { email, undoUrl } = await auth.confirmEmailChange(await changeLink(owner, nextAddress()));
        const former = owner.email;
        owner.email = email;
        return async () => {
          await auth.undoEmailChange(tokenOf(undoUrl));
          owner.email = former;
        };
      },
    },
    'a deletion': {
      point: 'within the deletion',
      change: async (owner) => () => OVERTAKING['a deletion']!(owner),
    },
  };

  /** Ways in, and the statement that waits for what is under way; on SQLite no other transaction begins meanwhile. */
  const LATE: Record<string, { waits: RegExp; come(owner: Owned): Promise<TokenPair | null> }> = {
    'a login': {
      waits: database === 'sqlite' ? /^SELECT .*users/s : /^INSERT INTO .*user_tokens/s,
      come: ({ email, password }) => auth.login({ email, password }).catch(() => null),
    },
    // On SQLite it reads what is being written, and so comes after it.
    ...(database !== 'sqlite' && {
      'a sign-in by the application': {
        waits: /^INSERT INTO .*user_tokens/s,
        come: ({ id }: Owned) => auth.signIn(id).catch(() => null),
      },
    }),
    'a refresh': {
      waits: database === 'sqlite' ? /^SELECT .*users/s : /^UPDATE .*user_tokens.* SET .*generation/s,
      come: ({ pair }) => auth.refresh(pair.refreshToken).catch(() => null),
    },
  };

  describe.each(Object.keys(LATE))('%s', (late) => {
    it.each(Object.keys(UNDER_WAY))('while %s is written does not outlive it', async (underWay) => {
      const { point, change } = UNDER_WAY[underWay]!;
      const { waits, come } = LATE[late]!;
      const owner = await owned();
      const run = await change(owner);
      // Undoing ends sessions that a change of address has not opened.
      if (underWay === 'an undone e-mail change') owner.pair = await auth.signIn(owner.id);
      const former = { ...owner };
      let coming: Promise<TokenPair | null> | undefined;
      Gate.point = point;
      Gate.act = async () => {
        const { length } = t.statements.entries;
        coming = come(former);
        while (!t.statements.entries.slice(length).some(({ sql }) => waits.test(sql))) await nextTurn();
      };
      await run();
      const pairs = [former.pair, await coming!].filter((pair) => pair !== null);
      for (const pair of pairs) expect(await opens(pair)).toEqual([401, 401]);
      expect(await live(owner.email)).toHaveLength(underWay === 'a password reset' ? 1 : 0);
    });
  });

  it('leave no error in the log', () => {
    expect(t.logs.lines.filter((line) => /error|fail|deadlock/i.test(line))).toEqual([]);
  });
});
