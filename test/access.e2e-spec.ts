import { request } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AccessGuard,
  type Account,
  Authenticated,
  CurrentSession,
  CurrentUser,
  OptionalAuth,
  type Principal,
  Public,
  Verified,
} from 'nestjs-gatehouse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './support/client.js';
import { stacks } from './support/stacks.js';
import { User } from './support/users-plain.js';
import { claimsOf } from './support/jwt.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** What a handler sees of the request, and whether it was reached at all. */
@Controller('seen')
class SeenController {
  static calls = 0;

  @Get('user')
  @Authenticated()
  user(@CurrentUser() user: Account, @CurrentUser() again: Account) {
    SeenController.calls++;
    return { keys: Object.keys(user).sort(), isUser: user instanceof User, isOne: user === again, user };
  }

  @Get('session')
  @Authenticated()
  session(@CurrentSession() { userId, sessionId, isEmailVerified, claims }: Principal) {
    SeenController.calls++;
    return { userId, sessionId, isEmailVerified, claims };
  }

  @Get('guest')
  @OptionalAuth()
  guest(@CurrentUser() user?: Account, @CurrentSession() session?: Principal) {
    SeenController.calls++;
    return { user_id: user?.id ?? null, session_id: session?.sessionId ?? null };
  }
}

/** Routes of an application whose global guard is ours. */
@Controller('global')
class GuardedController {
  @Get('plain')
  plain(@CurrentUser() user: Account) {
    return { user_id: user.id };
  }

  @Get('public')
  @Public()
  public() {
    return { ok: true };
  }

  @Get('verified')
  @Verified()
  verified() {
    return { ok: true };
  }

  @Get('optional')
  @OptionalAuth()
  optional(@CurrentUser() user?: Account) {
    return { user_id: user?.id ?? null };
  }
}

/** Sends an Authorization header line by line, as `fetch` would not. */
function sendRaw(t: TestApp, path: string, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = ['Host', 'localhost', ...lines.flatMap((line) => ['Authorization', line])];
    const { port } = new URL(t.client.origin);
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    outgoing.on('error', reject).end();
  });
}

/** What a refused request is told. */
function refusal({ status, body, headers }: Answer) {
  return [status, body.code, headers.get('www-authenticate'), headers.get('cache-control')];
}
const UNAUTHENTICATED = [401, 'ACCESS_UNAUTHENTICATED', 'Bearer', 'no-store'];
const INVALID = [401, 'ACCESS_INVALID_TOKEN', 'Bearer error="invalid_token"', 'no-store'];
const UNVERIFIED = [403, 'ACCESS_EMAIL_UNVERIFIED', 'Bearer error="insufficient_scope"', 'no-store'];

describe.each(stacks())('access on $database with $adapter', ({ database, adapter }) => {
  let t: TestApp;
  let pair: { access_token: string; refresh_token: string; user_id: string };
  beforeAll(async () => {
    const options = { mail: { pollSeconds: 3600 } };
    t = await createTestApp({ database, adapter, controllers: [SeenController], options });
    pair = await t.activeUser('ann@example.com');
    await t.mailIsDone();
  });
  afterAll(() => t.close());
  const get = (path: string, bearer?: string) => t.client.get(path, { bearer });

  it('without credentials is challenged, with no fault named', async () => {
    for (const path of ['/demo/protected', '/demo/bare', '/demo/verified-only', '/auth/me']) {
      expect(refusal(await get(path))).toEqual(UNAUTHENTICATED);
    }
  });

  it('with a bad token is refused, also where guests are welcome', async () => {
    for (const path of ['/demo/protected', '/demo/verified-only', '/demo/optional', '/auth/me']) {
      for (const token of ['garbage', `${pair.access_token}x`, pair.refresh_token]) {
        expect(refusal(await get(path, token))).toEqual(INVALID);
      }
    }
  });

  it('takes a request without credentials for a guest where guests are welcome', async () => {
    expect((await get('/seen/guest')).body).toEqual({ user_id: null, session_id: null });
    expect((await get('/seen/guest', pair.access_token)).body).toEqual({
      user_id: pair.user_id,
      session_id: claimsOf(pair.access_token)['sid'],
    });
  });

  it('gives a handler the whole entity without its password hash, and loads it once', async () => {
    const { body } = await get('/seen/user', pair.access_token);
    expect(body).toMatchObject({ isUser: true, isOne: true, user: { id: pair.user_id, email: 'ann@example.com' } });
    expect(body.keys).toEqual(['createdAt', 'email', 'emailVerifiedAt', 'id', 'isActive', 'name', 'updatedAt']);
    expect(JSON.stringify(body)).not.toMatch(/argon2|password/i);
  });

  it('gives a handler the session behind the request', async () => {
    const claims = claimsOf(pair.access_token);
    expect((await get('/seen/session', pair.access_token)).body).toEqual({
      userId: pair.user_id,
      sessionId: claims['sid'],
      isEmailVerified: true,
      claims,
    });
  });

  it('costs one statement, with the user in it where a handler asks for it', async () => {
    const during = (path: string) => t.statements.during(() => get(path, pair.access_token));
    expect(await during('/demo/bare')).toHaveLength(1);
    expect(await during('/seen/session')).toHaveLength(1);
    expect(await during('/demo/protected')).toHaveLength(1);
    expect(await t.statements.during(() => get('/demo/bare', 'garbage'))).toEqual([]);
    expect(await t.statements.during(() => get('/demo/bare'))).toEqual([]);
  });

  it('reads one Authorization header with one bearer token, and never a second one', async () => {
    const other = await t.activeUser('bob@example.com');
    const [mine, second] = [`Bearer ${pair.access_token}`, `Bearer ${other.access_token}`];
    expect(await sendRaw(t, '/demo/bare', [mine])).toBe(200);
    // RFC 9110, 11.1: the scheme is case-insensitive, and one or more spaces follow it.
    expect(await sendRaw(t, '/demo/bare', [`bearer ${pair.access_token}`])).toBe(200);
    expect(await sendRaw(t, '/demo/bare', [`Bearer  ${pair.access_token}`])).toBe(200);
    const refused = [
      ['Bearer garbage', second],
      [`Bearer garbage, ${second}`],
      [`${mine}, ${second}`],
      [`Bearer ${pair.access_token}, ${other.access_token}`],
      [`Bearer ${pair.access_token} ${other.access_token}`],
      ['Bearer'],
      ['Bearer '],
      [`Bearer\t${pair.access_token}`],
      [`Bearer "${pair.access_token}"`],
      ['Bearer undefined'],
      ['Bearer null'],
    ];
    for (const lines of refused) {
      for (const path of ['/demo/bare', '/seen/guest']) {
        expect([path, lines, await sendRaw(t, path, lines)]).toEqual([path, lines, 401]);
      }
    }
  });

  it('leaves other schemes to whom they are for, and finds no token in them', async () => {
    const ours = pair.access_token;
    for (const line of ['Basic YW5uOng=', `Basic ${ours}`, `Token ${ours}`, `Bearerish ${ours}`, ours, '']) {
      expect([line, await sendRaw(t, '/demo/bare', [line])]).toEqual([line, 401]);
      const guest = await t.client.get('/seen/guest', { headers: { authorization: line } });
      expect([line, guest.body]).toEqual([line, { user_id: null, session_id: null }]);
    }
    expect(await sendRaw(t, '/demo/bare', ['Basic YW5uOng=', `Bearer ${ours}`])).toBe(401);
  });

  it('never looks for a token in the query or the body', async () => {
    expect((await get(`/demo/bare?access_token=${pair.access_token}`)).status).toBe(401);
    const cookie = { headers: { cookie: `access_token=${pair.access_token}` } };
    expect((await t.client.get('/demo/bare', cookie)).status).toBe(401);
  });

  it('ends on the next request when the user is deactivated or deleted, and never with a 500', async () => {
    const users = t.dataSource.getRepository(User);
    const off = await t.activeUser('off@example.com');
    expect((await get('/seen/user', off.access_token)).status).toBe(200);
    await users.update({ email: 'off@example.com' }, { isActive: false });
    const before = SeenController.calls;
    for (const path of ['/seen/user', '/seen/session', '/seen/guest', '/auth/me']) {
      expect(refusal(await get(path, off.access_token))).toEqual(INVALID);
    }
    await users.update({ email: 'off@example.com' }, { isActive: true });
    expect((await get('/auth/me', off.access_token)).status).toBe(200);
    await t.mailIsDone();
    await users.delete({ email: 'off@example.com' });
    for (const path of ['/seen/user', '/seen/session', '/seen/guest', '/auth/me']) {
      expect(refusal(await get(path, off.access_token))).toEqual(INVALID);
    }
    expect(SeenController.calls).toBe(before);
  });
});

describe.each(['express', 'fastify'] as const)(
  'access for a user whose address is not verified, with %s',
  (adapter) => {
    let t: TestApp;
    beforeAll(async () => {
      t = await createTestApp({ mode: 'D', adapter });
    });
    afterAll(() => t.close());

    it('is 403 insufficient_scope where a verified address is asked for, and free elsewhere', async () => {
      const { access_token: bearer } = await t.activeUser('d@example.com');
      const refused = await t.client.get('/demo/verified-only', { bearer });
      expect(refusal(refused)).toEqual(UNVERIFIED);
      expect((await t.client.get('/demo/protected', { bearer })).status).toBe(200);
      await t.dataSource.getRepository(User).update({ email: 'd@example.com' }, { emailVerifiedAt: new Date() });
      expect((await t.client.get('/demo/verified-only', { bearer })).status).toBe(200);
    });
  },
);

describe.each(['express', 'fastify'] as const)('AccessGuard as the global guard, with %s', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    const providers = [{ provide: APP_GUARD, useExisting: AccessGuard }];
    t = await createTestApp({ adapter, controllers: [GuardedController], providers });
  });
  afterAll(() => t.close());

  it('asks every route of the application for a user, but those that say otherwise', async () => {
    expect(refusal(await t.client.get('/global/plain'))).toEqual(UNAUTHENTICATED);
    expect(refusal(await t.client.get('/global/verified'))).toEqual(UNAUTHENTICATED);
    expect((await t.client.get('/global/public')).status).toBe(200);
    expect((await t.client.get('/global/optional')).body).toEqual({ user_id: null });
    const { access_token: bearer, user_id } = await t.activeUser('global@example.com');
    for (const path of ['/global/plain', '/global/optional']) {
      expect((await t.client.get(path, { bearer })).body).toEqual({ user_id });
    }
    expect((await t.client.get('/global/verified', { bearer })).status).toBe(200);
    expect((await t.client.get('/global/public', { bearer: 'garbage' })).status).toBe(200);
    expect(refusal(await t.client.get('/global/optional', { bearer: 'garbage' }))).toEqual(INVALID);
  });

  it('leaves the public routes of the module open, costs no second look, and guards the others', async () => {
    const email = 'open@example.com';
    const { access_token: bearer, refresh_token } = await t.activeUser(email);
    const statuses = [
      await t.client.post('/auth/login', { email, password: PASSWORD }),
      await t.client.post('/auth/refresh', { refresh_token }),
      await t.client.post('/auth/activation/resend', { email }),
      await t.client.post('/auth/password-reset/request', { email }),
      await t.client.post('/auth/password-reset/confirm', { token: 'x', new_password: PASSWORD }),
      await t.client.post('/auth/logout', { refresh_token: 'x' }),
    ].map(({ status, body }) => [status, body?.code]);
    expect(statuses).toEqual([
      [200, undefined],
      [200, undefined],
      [202, undefined],
      [202, undefined],
      [400, 'PASSWORD_RESET_INVALID_TOKEN'],
      [401, 'SESSION_INVALID_TOKEN'],
    ]);
    await t.mailIsDone();
    // The route's own guard finds what the global one found.
    const looks = await t.statements.during(() => t.client.get('/demo/bare', { bearer }));
    expect(looks).toHaveLength(1);
    expect(refusal(await t.client.get('/auth/me'))).toEqual(UNAUTHENTICATED);
    expect(refusal(await t.client.post('/auth/logout-all'))).toEqual(UNAUTHENTICATED);
    expect((await t.client.post('/auth/logout', undefined, { bearer })).status).toBe(204);
  });
});
