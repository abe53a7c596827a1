import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { APP_GUARD } from '@nestjs/core';
import { Field, GraphQLModule, ID, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
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
import { type Client, createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { changeUser } from './support/rows.js';
import { createTestApp, type TestApp } from './support/test-app.js';

@ObjectType()
class Viewer {
  @Field(() => ID)
  id!: string;

  @Field()
  email!: string;
}

/** How often a handler ran: what the guard refuses must never get there. */
const runs = { secret: 0 };

@Resolver()
class ViewerResolver {
  @Authenticated()
  @Query(() => Viewer)
  viewer(@CurrentUser() user: Account): Viewer {
    return { id: String(user.id), email: user.email };
  }

  @Authenticated()
  @Query(() => String)
  sessionId(@CurrentSession() session: Principal): string {
    return session.sessionId!;
  }

  @Authenticated()
  @Query(() => String)
  secret(): string {
    runs.secret++;
    return 'for members';
  }

  @Verified()
  @Query(() => String)
  verified(): string {
    return 'proved';
  }

  @OptionalAuth()
  @Query(() => String)
  greeting(@CurrentUser() user?: Account): string {
    return `Hello ${user?.email ?? 'guest'}`;
  }

  @Public()
  @Query(() => String)
  open(): string {
    return 'for everybody';
  }

  /** Has no rule of its own. */
  @Query(() => String)
  bare(): string {
    return 'whatever the application says';
  }
}

const GRAPHQL = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
  playground: false,
});

/** What a subscription is told of. */
class News {
  private tell?: (headline: string) => void;

  async *headlines() {
    for (;;) yield { news: { headline: await new Promise<string>((resolve) => (this.tell = resolve)) } };
  }

  /** False while nobody waits for news. */
  publish(headline: string): boolean {
    const { tell } = this;
    this.tell = undefined;
    tell?.(headline);
    return tell !== undefined;
  }
}

let news = new News();

@ObjectType()
class Article {
  @Field()
  headline!: string;
}

@Resolver(() => Article)
class NewsResolver {
  @Authenticated()
  @Subscription(() => Article)
  news() {
    return news.headlines();
  }

  /** Checked at each event, because `fieldResolverEnhancers` says so. */
  @Authenticated()
  @ResolveField(() => String, { nullable: true })
  text(@CurrentUser() user: Account): string {
    return `for ${user.email}`;
  }
}

/** The request that opened the socket, and over HTTP the request itself. */
const GRAPHQL_WITH_SOCKETS = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
  playground: false,
  fieldResolverEnhancers: ['guards'],
  subscriptions: { 'graphql-ws': true },
  context: (from: { req?: object; extra?: { request: object } }) => ({ req: from.extra?.request ?? from.req ?? from }),
});

const ask = (t: TestApp, query: string, bearer?: string) =>
  t.client.post('/graphql', { query: `{ ${query} }` }, { bearer });

/** The stable code of the only error. */
const codeOf = ({ body }: { body: { errors: { extensions: { originalError: { code: string } } }[] } }) => {
  expect(body.errors).toHaveLength(1);
  return body.errors[0]!.extensions.originalError.code;
};

describe.each(['express', 'fastify'] as const)('GraphQL on %s', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({ adapter, imports: [GRAPHQL], providers: [ViewerResolver] });
  });
  afterAll(() => t.close());

  it('gives a resolver the signed-in user and the session', async () => {
    const { user_id, access_token } = await t.activeUser('ann@example.com');
    const { body } = await ask(t, 'viewer { id email } sessionId', access_token);
    expect(body).toEqual({
      data: { viewer: { id: user_id, email: 'ann@example.com' }, sessionId: expect.stringMatching(/^[\da-f-]{36}$/) },
    });
  });

  it('checks the session once per request, however many fields are guarded', async () => {
    const { access_token } = await t.activeUser('once@example.com');
    const statements = await t.statements.during(() => ask(t, 'secret sessionId verified', access_token));
    expect(statements).toHaveLength(1);
  });

  it.each([
    ['no token', undefined, 'ACCESS_UNAUTHENTICATED'],
    ['a token that is none', 'not.a.token', 'ACCESS_INVALID_TOKEN'],
  ])('refuses %s with the stable code, and does not run the resolver', async (_, bearer, code) => {
    runs.secret = 0;
    const answer = await ask(t, 'secret', bearer);
    expect(codeOf(answer)).toBe(code);
    expect(answer.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(answer.body.data).toBeNull();
    expect(runs.secret).toBe(0);
  });

  it('refuses a token on the very next request after logout', async () => {
    const { access_token } = await t.activeUser('gone@example.com');
    expect((await ask(t, 'secret', access_token)).body.data).toEqual({ secret: 'for members' });
    await t.client.post('/auth/logout', undefined, { bearer: access_token });
    expect(codeOf(await ask(t, 'secret', access_token))).toBe('ACCESS_INVALID_TOKEN');
  });

  it('tells a verified address from one that is not', async () => {
    const { access_token } = await t.activeUser('proved@example.com');
    expect((await ask(t, 'verified', access_token)).body).toEqual({ data: { verified: 'proved' } });
    await changeUser(t, 'proved@example.com', { emailVerifiedAt: null });
    expect(codeOf(await ask(t, 'verified', access_token))).toBe('ACCESS_EMAIL_UNVERIFIED');
  });

  it('serves guests and users where both are welcome, but takes a bad token for neither', async () => {
    const { access_token } = await t.activeUser('both@example.com');
    expect((await ask(t, 'greeting')).body.data.greeting).toBe('Hello guest');
    expect((await ask(t, 'greeting', access_token)).body.data.greeting).toBe('Hello both@example.com');
    expect(codeOf(await ask(t, 'greeting', 'not.a.token'))).toBe('ACCESS_INVALID_TOKEN');
  });
});

describe.each(['express', 'fastify'] as const)('GraphQL on %s with the guard for the whole application', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({
      adapter,
      imports: [GRAPHQL],
      providers: [ViewerResolver, { provide: APP_GUARD, useExisting: AccessGuard }],
    });
  });
  afterAll(() => t.close());

  it('asks every query for a user, but those that are public', async () => {
    const { access_token } = await t.activeUser('ann@example.com');
    expect(codeOf(await ask(t, 'bare'))).toBe('ACCESS_UNAUTHENTICATED');
    expect((await ask(t, 'bare', access_token)).body.data.bare).toBe('whatever the application says');
    expect((await ask(t, 'open')).body.data.open).toBe('for everybody');
  });
});

describe.each(['express', 'fastify'] as const)('GraphQL on %s with tokens in cookies', (adapter) => {
  let t: TestApp;
  beforeAll(async () => {
    t = await createTestApp({
      adapter,
      imports: [GRAPHQL],
      providers: [ViewerResolver],
      options: { tokenDelivery: 'cookie' },
    });
  });
  afterAll(() => t.close());

  it('answers pages of ours, and refuses those of other sites', async () => {
    await t.activeUser('ann@example.com');
    const login = await t.client.post('/auth/login', {
      email: 'ann@example.com',
      password: 'correct horse battery staple',
    });
    const cookie = login.headers
      .getSetCookie()
      .map((set) => set.split(';')[0])
      .join('; ');
    const from = (site: string) =>
      t.client.post('/graphql', { query: '{ secret }' }, { headers: { cookie, 'sec-fetch-site': site } });
    expect((await from('same-origin')).body).toEqual({ data: { secret: 'for members' } });
    runs.secret = 0;
    expect(codeOf(await from('cross-site'))).toBe('INPUT_CROSS_SITE');
    expect(runs.secret).toBe(0);
  });
});

/** Over a socket nobody formats errors: there is the message, and no code. */
const INVALID = 'The access token is invalid or has expired.';
const messageOf = ({ errors }: Answered) => errors?.[0]?.message;

/** What a socket brought back for an operation. */
interface Answered {
  data?: Record<string, unknown> | null;
  errors?: readonly { message: string }[];
}

const askOn = async (client: Client, query: string) => {
  const { value } = await client.iterate({ query: `{ ${query} }` }).next();
  return value as Answered;
};

describe.each(['express', 'fastify'] as const)('GraphQL over a WebSocket on %s', (adapter) => {
  let t: TestApp;
  let open: Client[] = [];
  beforeAll(async () => {
    news = new News();
    t = await createTestApp({
      adapter,
      imports: [GRAPHQL_WITH_SOCKETS],
      providers: [ViewerResolver, NewsResolver],
    });
  });
  afterEach(async () => {
    for (const client of open) await client.dispose();
    open = [];
  });
  afterAll(() => t.close());

  /** A socket that stays open, and who opened it. */
  const connected = (bearer?: string) => {
    class Authorized extends WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols, { headers: bearer ? { authorization: `Bearer ${bearer}` } : {} });
      }
    }
    const url = `${t.client.origin.replace('http', 'ws')}/graphql`;
    const client = createClient({ url, webSocketImpl: Authorized, lazy: false, retryAttempts: 0 });
    open.push(client);
    return client;
  };
  const endSessions = (bearer: string) => t.client.post('/auth/logout-all', undefined, { bearer });

  it('gives a resolver the signed-in user and the session', async () => {
    const { user_id, access_token } = await t.activeUser('ann@example.com');
    const answer = await askOn(connected(access_token), 'viewer { id email } sessionId');
    expect(answer.data).toEqual({
      viewer: { id: user_id, email: 'ann@example.com' },
      sessionId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
  });

  it('refuses a new query on an open socket after the logout of all devices', async () => {
    const { access_token } = await t.activeUser('gone@example.com');
    const socket = connected(access_token);
    expect((await askOn(socket, 'secret')).data).toEqual({ secret: 'for members' });
    expect((await endSessions(access_token)).status).toBe(204);
    runs.secret = 0;
    for (const query of ['secret', 'greeting', 'verified']) {
      expect([query, messageOf(await askOn(socket, query))]).toEqual([query, INVALID]);
    }
    expect(runs.secret).toBe(0);
    expect((await askOn(socket, 'open')).data).toEqual({ open: 'for everybody' });
  });

  it('refuses it after the access token has expired, too', async () => {
    const { access_token } = await t.activeUser('late@example.com');
    const socket = connected(access_token);
    expect((await askOn(socket, 'secret')).data).toEqual({ secret: 'for members' });
    t.clock.advance({ seconds: 901 });
    expect(messageOf(await askOn(socket, 'secret'))).toBe(INVALID);
  });

  it('checks the session once per operation, however many fields are guarded', async () => {
    const { access_token } = await t.activeUser('once@example.com');
    const socket = connected(access_token);
    await askOn(socket, 'open');
    await t.mailIsDone();
    for (let time = 0; time < 2; time++) {
      expect(await t.statements.during(() => askOn(socket, 'secret sessionId verified'))).toHaveLength(1);
    }
  });

  it('takes nobody for the one who asked before', async () => {
    const { access_token } = await t.activeUser('before@example.com');
    const socket = connected(access_token);
    expect((await askOn(socket, 'greeting')).data).toEqual({ greeting: 'Hello before@example.com' });
    expect((await askOn(connected(), 'greeting')).data).toEqual({ greeting: 'Hello guest' });
    expect(messageOf(await askOn(connected(), 'secret'))).toBe('Log in to use this route.');
  });

  it('checks a subscription when it starts, and at each event the fields that have a guard of their own', async () => {
    const { access_token } = await t.activeUser('reader@example.com');
    const socket = connected(access_token);
    const subscription = socket.iterate({ query: 'subscription { news { headline text } }' });
    const next = async () => {
      const event = subscription.next();
      while (!news.publish('Rain')) await nextTurn();
      return (await event).value as Answered;
    };
    expect(await next()).toEqual({ data: { news: { headline: 'Rain', text: 'for reader@example.com' } } });
    await endSessions(access_token);
    // Nest asks no guard of the subscription at an event: what must end with the session is for the application to end.
    expect(await next()).toMatchObject({
      data: { news: { headline: 'Rain', text: null } },
      errors: [{ message: INVALID }],
    });
    await subscription.return?.();
    const another = await socket.iterate({ query: 'subscription { news { headline } }' }).next();
    expect(messageOf(another.value as Answered)).toBe(INVALID);
  });
});
