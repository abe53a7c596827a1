import type { IncomingMessage } from 'node:http';
import { UseFilters } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Account,
  Authenticated,
  AuthErrorWsFilter,
  CurrentSession,
  CurrentUser,
  OptionalAuth,
  type Principal,
  rememberHandshake,
  Verified,
} from 'nestjs-gatehouse';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { changeUser } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** How often a handler ran: what the guard refuses must never get there. */
const runs = { secret: 0 };

abstract class Messages {
  @Authenticated()
  @SubscribeMessage('whoami')
  async whoami(@CurrentUser() user: Account, @CurrentSession() session: Principal) {
    return { event: 'answer', data: { email: user.email, session: session.sessionId } };
  }

  @Authenticated()
  @SubscribeMessage('secret')
  secret() {
    runs.secret++;
    return { event: 'answer', data: 'for members' };
  }

  @Verified()
  @SubscribeMessage('verified')
  verified() {
    return { event: 'answer', data: 'proved' };
  }

  @OptionalAuth()
  @SubscribeMessage('greeting')
  greeting(@CurrentUser() user?: Account) {
    return { event: 'answer', data: `Hello ${user?.email ?? 'guest'}` };
  }
}

@UseFilters(AuthErrorWsFilter)
@WebSocketGateway()
class SocketIoGateway extends Messages {}

@UseFilters(AuthErrorWsFilter)
@WebSocketGateway({ path: '/ws' })
class PlainGateway extends Messages implements OnGatewayConnection {
  handleConnection(client: WebSocket, request: IncomingMessage): void {
    rememberHandshake(client, request);
  }
}

/** Forgets to tell the guard who connected. */
@UseFilters(AuthErrorWsFilter)
@WebSocketGateway({ path: '/ws' })
class ForgetfulGateway extends Messages {}

/** What comes back for a message: an answer, or an exception. */
interface Reply {
  event: string;
  data: unknown;
}

/** A connection that sends one message at a time. */
interface Connection {
  ask(event: string): Promise<Reply>;
  close(): void;
}

type Connect = (origin: string, headers: Record<string, string>) => Promise<Connection>;

const connectPlain: Connect = async (origin, headers) => {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { headers });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    ask: (event) =>
      new Promise((resolve) => {
        socket.once('message', (data) => resolve(JSON.parse((data as Buffer).toString())));
        socket.send(JSON.stringify({ event }));
      }),
    close: () => socket.close(),
  };
};

const connectSocketIo =
  (auth?: { token: string }): Connect =>
  async (origin, headers) => {
    const socket = io(origin, { transports: ['websocket'], extraHeaders: headers, auth, reconnection: false });
    await new Promise<void>((resolve, reject) => void socket.once('connect', resolve).once('connect_error', reject));
    return {
      ask: (event) =>
        new Promise((resolve) => {
          socket.onAny((answer: string, data: unknown) => {
            socket.offAny();
            resolve({ event: answer, data });
          });
          socket.emit(event);
        }),
      close: () => socket.close(),
    };
  };

const platforms = [
  { platform: 'ws', adapter: WsAdapter, gateway: PlainGateway, connect: connectPlain },
  { platform: 'Socket.IO', adapter: IoAdapter, gateway: SocketIoGateway, connect: connectSocketIo() },
] as const;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe.each(platforms)('a gateway on $platform', ({ adapter, gateway, connect }) => {
  let t: TestApp;
  const open: Connection[] = [];
  beforeAll(async () => {
    t = await createTestApp({ providers: [gateway], configure: (app) => app.useWebSocketAdapter(new adapter(app)) });
  });
  afterEach(() => {
    for (const connection of open.splice(0)) connection.close();
  });
  afterAll(() => t.close());

  const connected = async (headers: Record<string, string> = {}) => {
    const connection = await connect(t.client.origin, headers);
    open.push(connection);
    return connection;
  };

  it('gives a handler the signed-in user and the session', async () => {
    const { access_token } = await t.activeUser('ann@example.com');
    const socket = await connected(bearer(access_token));
    expect(await socket.ask('whoami')).toEqual({
      event: 'answer',
      data: { email: 'ann@example.com', session: expect.stringMatching(/^[\da-f-]{36}$/) },
    });
  });

  it.each([
    ['no token', {}, 'ACCESS_UNAUTHENTICATED'],
    ['a token that is none', bearer('not.a.token'), 'ACCESS_INVALID_TOKEN'],
  ])('refuses %s with the stable code, and does not run the handler', async (_, headers, code) => {
    runs.secret = 0;
    const reply = await (await connected(headers)).ask('secret');
    expect(reply).toEqual({ event: 'exception', data: { statusCode: 401, code, message: expect.any(String) } });
    expect(runs.secret).toBe(0);
  });

  it('checks each message anew: an open socket does not outlive the logout', async () => {
    const { access_token } = await t.activeUser('gone@example.com');
    const socket = await connected(bearer(access_token));
    expect(await socket.ask('secret')).toEqual({ event: 'answer', data: 'for members' });
    await t.client.post('/auth/logout', undefined, { bearer: access_token });
    runs.secret = 0;
    expect(await socket.ask('secret')).toMatchObject({ event: 'exception', data: { code: 'ACCESS_INVALID_TOKEN' } });
    expect(runs.secret).toBe(0);
  });

  it('does not outlive its access token either', async () => {
    const { access_token } = await t.activeUser('late@example.com');
    const socket = await connected(bearer(access_token));
    t.clock.advance({ seconds: 901 });
    expect(await socket.ask('secret')).toMatchObject({ event: 'exception', data: { code: 'ACCESS_INVALID_TOKEN' } });
  });

  it('tells a verified address from one that is not', async () => {
    const { access_token } = await t.activeUser('proved@example.com');
    const socket = await connected(bearer(access_token));
    expect(await socket.ask('verified')).toEqual({ event: 'answer', data: 'proved' });
    await changeUser(t, 'proved@example.com', { emailVerifiedAt: null });
    expect(await socket.ask('verified')).toMatchObject({
      event: 'exception',
      data: { code: 'ACCESS_EMAIL_UNVERIFIED' },
    });
  });

  it('serves guests and users where both are welcome, but takes a bad token for neither', async () => {
    const { access_token } = await t.activeUser('both@example.com');
    expect((await (await connected()).ask('greeting')).data).toBe('Hello guest');
    expect((await (await connected(bearer(access_token))).ask('greeting')).data).toBe('Hello both@example.com');
    expect((await (await connected(bearer('not.a.token'))).ask('greeting')).event).toBe('exception');
  });
});

describe.each(platforms)('a gateway on $platform with tokens in cookies', ({ adapter, gateway, connect }) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({
      providers: [gateway],
      configure: (app) => app.useWebSocketAdapter(new adapter(app)),
      options: { tokenDelivery: 'cookie' },
    });
    await t.activeUser('ann@example.com');
  });
  afterAll(() => t.close());

  it('serves pages of ours, and refuses those of other sites (cross-site WebSocket hijacking)', async () => {
    const login = await t.client.post('/auth/login', { email: 'ann@example.com', password: PASSWORD });
    const cookie = login.headers
      .getSetCookie()
      .map((set) => set.split(';')[0])
      .join('; ');
    const own = await connect(t.client.origin, { cookie, origin: t.client.origin });
    expect(await own.ask('secret')).toEqual({ event: 'answer', data: 'for members' });
    own.close();
    runs.secret = 0;
    const foreign = await connect(t.client.origin, { cookie, origin: 'https://evil.example' });
    expect(await foreign.ask('secret')).toMatchObject({ event: 'exception', data: { code: 'INPUT_CROSS_SITE' } });
    expect(runs.secret).toBe(0);
    foreign.close();
  });
});

describe('Socket.IO', () => {
  it('takes the token of its own field, which a browser can set', async () => {
    const t = await createTestApp({
      providers: [SocketIoGateway],
      configure: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
    });
    const { access_token } = await t.activeUser('field@example.com');
    const socket = await connectSocketIo({ token: access_token })(t.client.origin, {});
    expect(await socket.ask('greeting')).toEqual({ event: 'answer', data: 'Hello field@example.com' });
    await t.client.post('/auth/logout', undefined, { bearer: access_token });
    expect((await socket.ask('greeting')).event).toBe('exception');
    socket.close();
    await t.close();
  });

  it('takes it beside the password of a proxy, and no token beside one in the header', async () => {
    const t = await createTestApp({
      providers: [SocketIoGateway],
      configure: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
    });
    const { access_token: token } = await t.activeUser('proxied@example.com');
    const proxied = await connectSocketIo({ token })(t.client.origin, { authorization: 'Basic c3RhZ2luZzpzZWNyZXQ=' });
    expect(await proxied.ask('greeting')).toEqual({ event: 'answer', data: 'Hello proxied@example.com' });
    const stated = await connectSocketIo({ token })(t.client.origin, bearer('not.a.token'));
    expect(await stated.ask('greeting')).toMatchObject({ event: 'exception', data: { code: 'ACCESS_INVALID_TOKEN' } });
    for (const socket of [proxied, stated]) socket.close();
    await t.close();
  });
});

describe('a gateway that does not tell the guard who connected', () => {
  it('serves nobody, and the log says what to do', async () => {
    const t = await createTestApp({
      providers: [ForgetfulGateway],
      configure: (app) => app.useWebSocketAdapter(new WsAdapter(app)),
    });
    const socket = await connectPlain(t.client.origin, {});
    expect(await socket.ask('greeting')).toMatchObject({
      event: 'exception',
      data: { message: 'Internal server error' },
    });
    expect(t.logs.lines.join('\n')).toContain('call rememberHandshake(client, request) in handleConnection');
    socket.close();
    await t.close();
  });
});
