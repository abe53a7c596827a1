import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { APP_GUARD } from '@nestjs/core';
import { Field, GraphQLModule, ID, ObjectType, Query, Resolver } from '@nestjs/graphql';
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
