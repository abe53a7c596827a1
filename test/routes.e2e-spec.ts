import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, HttpCode, type INestApplication, Post, Req, RequestMethod, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AuthModule, AuthStartUpError, type StructuralOptions } from 'nestjs-gatehouse';
import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../lib/module/flows.js';
import { tokenIn, type ReceivedMail } from './support/mailbox.js';
import { createTestApp, PASSWORD, type TestApp, type TestAppOptions } from './support/test-app.js';
import { stacks } from './support/stacks.js';

const ANN = 'ann@example.com';
const NEW_PASSWORD = 'another correct horse battery';
const PUBLIC_URL = 'https://accounts.example.com';

/** A body no route of the module lets through: a lone surrogate. */
const HOSTILE = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"email":"\\ud800"}' };

type Routes = StructuralOptions['routes'];

async function withApp(choice: TestAppOptions, test: (t: TestApp) => Promise<void>): Promise<void> {
  const t = await createTestApp(choice);
  try {
    await test(t);
  } finally {
    await t.close();
  }
}

/** Why an application does not start; throws where it does. */
async function whyNot(choice: TestAppOptions): Promise<AuthStartUpError> {
  const start = createTestApp(choice).then((t) => t.close());
  const error: unknown = await start.catch((reason: unknown) => reason);
  if (!(error instanceof AuthStartUpError)) throw new Error('the application started', { cause: error });
  return error;
}

/** The path of the link a mail carries, below the public address. */
function linkIn({ text }: ReceivedMail): string {
  const url = new URL(/https:\/\/\S+/.exec(text ?? '')![0]);
  expect(url.origin).toBe(PUBLIC_URL);
  return url.pathname;
}

/** Follows both mailed links of mode E as a browser would, and logs in with the password the form has set. */
async function followLinks({ client, mailbox }: TestApp, paths: Record<'signup' | 'reset' | 'login', string>) {
  expect((await client.post(paths.signup, { email: ANN, password: PASSWORD })).status).toBe(201);
  const activation = linkIn(await mailbox.waitFor(ANN));
  const activated = await client.get(activation);
  expect([activated.status, activated.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);

  expect((await client.post(paths.reset, { email: ANN })).status).toBe(202);
  const reset = linkIn(await mailbox.waitFor(ANN, 2));
  const form = await client.get(reset);
  const action = /action="([^"]+)"/.exec(form.text)![1]!;
  const done = await client.postForm(action, { new_password: NEW_PASSWORD, confirm_password: NEW_PASSWORD });
  expect(done.status).toBe(200);
  expect((await client.post(paths.login, { email: ANN, password: NEW_PASSWORD })).status).toBe(200);
  return { activation, reset, action };
}

const pathsOf = ({ problems }: AuthStartUpError) => problems.map(({ path }) => path);

/** The path of a mailed link, the secret left out. */
const withoutToken = (path: string) => path.replace(/[\w-]{64}$/, ':token');

const withVersions = (app: INestApplication) =>
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2', prefix: 'version-' });

const versionInHeader = (app: INestApplication) => app.enableVersioning({ type: VersioningType.HEADER, header: 'v' });

/** What an application answers at the paths of two presets and a renamed endpoint. */
const statuses = async ({ client }: TestApp) => [
  (await client.post('/auth/register', {})).status,
  (await client.post('/auth/signup', {})).status,
  (await client.post('/auth/login', {})).status,
  (await client.get('/users/me')).status,
  (await client.get('/whoami')).status,
];

describe.each(stacks())('the preset forge on $database with $adapter', (stack) => {
  it('serves the whole life of an account under its names', async () => {
    await withApp({ ...stack, globalPrefix: 'api/v1', options: { routes: { preset: 'forge' } } }, async (t) => {
      const { client, mailbox } = t;
      const post = (path: string, body?: unknown, bearer?: string) => client.post(`/api/v1/${path}`, body, { bearer });

      expect((await post('auth/register', { email: ANN, password: PASSWORD })).status).toBe(201);
      expect((await post('auth/resend-verification', { email: ANN })).status).toBe(202);
      const token = tokenIn(await mailbox.waitFor(ANN, 2));
      const activated = await post('auth/verify-email', { token });
      expect(activated.status).toBe(200);

      const me = await client.get('/api/v1/users/me', { bearer: activated.body.access_token });
      expect(me.body).toMatchObject({ email: ANN, is_active: true, is_verified: true });
      expect(Object.keys(me.body)).toEqual(expect.arrayContaining(['id', 'created_at']));

      expect((await post('auth/forgot-password', { email: ANN })).status).toBe(202);
      const reset = tokenIn(await mailbox.waitFor(ANN, 3));
      expect((await post('auth/reset-password', { token: reset, new_password: NEW_PASSWORD })).status).toBe(200);

      const pair = await post('auth/login', { email: ANN, password: NEW_PASSWORD });
      const next = await post('auth/refresh', { refresh_token: pair.body.refresh_token });
      expect([pair.status, next.status]).toEqual([200, 200]);
      expect((await post('auth/logout', undefined, next.body.access_token)).status).toBe(204);
      expect((await post('auth/logout-all', undefined, pair.body.access_token)).status).toBe(401);
    });
  });
});

describe.each(['express', 'fastify'] as const)('routes on %s', (adapter) => {
  const start = (routes: Routes, choice: TestAppOptions = {}) => ({
    adapter,
    ...choice,
    options: { ...choice.options, routes },
  });
  const modeE = (routes: Routes, choice: TestAppOptions = {}) =>
    start(routes, { mode: 'E', ...choice, options: { publicUrl: PUBLIC_URL, ...choice.options } });

  describe('an endpoint that is renamed', () => {
    it('is at its new path only, with the input gate before it', async () => {
      await withApp(start({ paths: { login: 'account/sign-in' } }), async ({ client, ...t }) => {
        await t.activeUser(ANN);
        const credentials = { email: ANN, password: PASSWORD };
        const answer = await client.post('/account/sign-in', credentials);
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
        expect((await client.post('/auth/login', credentials)).status).toBe(404);
        expect((await client.send('/account/sign-in', HOSTILE)).body.code).toBe('INPUT_MALFORMED');
      });
    });

    it('keeps its status, its guard and its validation', async () => {
      const paths = { logoutAll: 'sign-out/everywhere', requestPasswordReset: 'password/forgotten' };
      await withApp(start({ paths }), async ({ client, ...t }) => {
        const { access_token: bearer } = await t.activeUser(ANN);
        expect((await client.post('/sign-out/everywhere')).body.code).toBe('ACCESS_UNAUTHENTICATED');
        expect((await client.post('/sign-out/everywhere', undefined, { bearer })).status).toBe(204);
        expect((await client.post('/password/forgotten', {})).body.code).toBe('INPUT_INVALID');
        expect((await client.post('/password/forgotten', { email: ANN })).status).toBe(202);
      });
    });

    it('may have the path another endpoint had', async () => {
      await withApp(start({ paths: { login: 'auth/signup', signup: 'auth/login' } }), async ({ client, mailbox }) => {
        expect((await client.post('/auth/login', { email: ANN, password: PASSWORD })).status).toBe(201);
        expect((await client.post('/auth/signup', { email: ANN, password: PASSWORD })).status).toBe(401);
        await mailbox.waitFor(ANN);
      });
    });
  });

  describe('an endpoint that is switched off', () => {
    it('is nowhere', async () => {
      await withApp(start({ paths: { signup: false } }), async ({ client }) => {
        const answer = await client.post('/auth/signup', { email: ANN, password: PASSWORD });
        expect(answer.status).toBe(404);
        expect((await client.post('/auth/login', { email: ANN, password: PASSWORD })).status).toBe(401);
      });
    });

    it('leaves its path to the application, body and all', async () => {
      @Controller('auth')
      class OwnSignup {
        @Post('signup')
        @HttpCode(200)
        signup(@Req() request: { body: { note?: string } }) {
          return { length: request.body.note?.length };
        }
      }
      await withApp(start({ paths: { signup: false } }, { controllers: [OwnSignup] }), async ({ client }) => {
        // More than the gate would let through, and more levels.
        const answer = await client.post('/auth/signup', { note: 'a'.repeat(20_000), deep: [[[[[[1]]]]]] });
        expect([answer.status, answer.body]).toEqual([200, { length: 20_000 }]);
        expect(answer.headers.get('cache-control')).toBeNull();
      });
    });

    it('may be any or all of them', async () => {
      const paths = Object.fromEntries(Object.keys(ENDPOINTS).map((key) => [key, false] as const));
      await withApp(start({ paths }), async ({ client }) => {
        expect((await client.post('/auth/login', { email: ANN, password: PASSWORD })).status).toBe(404);
        expect((await client.get('/demo/optional')).status).toBe(200);
      });
    });
  });

  describe('the links of mode E', () => {
    const forge = { signup: '/auth/register', reset: '/auth/forgot-password', login: '/auth/login' };
    const usual = { signup: '/auth/signup', reset: '/auth/password-reset/request', login: '/auth/login' };
    const below = (prefix: string, paths: typeof usual) => ({
      signup: prefix + paths.signup,
      reset: prefix + paths.reset,
      login: prefix + paths.login,
    });

    it('lead to the pages of the preset forge, below the global prefix', async () => {
      await withApp(modeE({ preset: 'forge' }, { globalPrefix: 'api/v1' }), async (t) => {
        const { activation, reset, action } = await followLinks(t, below('/api/v1', forge));
        expect(withoutToken(activation)).toBe('/api/v1/auth/verify-email/:token');
        expect(withoutToken(reset)).toBe('/api/v1/auth/reset-password/:token');
        expect(action).toBe(reset);
      });
    });

    it('follow pages that are renamed, each on its own', async () => {
      const paths = {
        activationPage: 'welcome/:token',
        passwordResetPage: 'forgotten/:token',
        passwordResetForm: 'forgotten/:token/done',
      };
      await withApp(modeE({ paths }), async (t) => {
        const { activation, reset, action } = await followLinks(t, usual);
        expect(withoutToken(activation)).toBe('/welcome/:token');
        expect(withoutToken(reset)).toBe('/forgotten/:token');
        expect(action).toBe(`${reset}/done`);
      });
    });

    it('know which routes the global prefix leaves out', async () => {
      const exclude = [{ path: 'auth/activate/:token', method: RequestMethod.GET }];
      await withApp(modeE({}, { configure: (app) => app.setGlobalPrefix('api', { exclude }) }), async (t) => {
        const { activation, reset } = await followLinks(t, below('/api', usual));
        expect(withoutToken(activation)).toBe('/auth/activate/:token');
        expect(withoutToken(reset)).toBe('/api/auth/password-reset/:token');
      });
    });

    it('stand outside the versions of the application', async () => {
      await withApp(modeE({}, { configure: withVersions, globalPrefix: 'api' }), async (t) => {
        const { activation } = await followLinks(t, below('/api', usual));
        expect(withoutToken(activation)).toBe('/api/auth/activate/:token');
      });
    });

    it('name the version the routes are given', async () => {
      await withApp(modeE({ version: '1' }, { configure: withVersions, globalPrefix: 'api' }), async (t) => {
        const { activation } = await followLinks(t, below('/api/version-1', usual));
        expect(withoutToken(activation)).toBe('/api/version-1/auth/activate/:token');
        expect((await t.client.send('/api/version-1/auth/login', HOSTILE)).body.code).toBe('INPUT_MALFORMED');
        expect((await t.client.post('/api/auth/login', {})).status).toBe(404);
      });
    });

    it('follow the prefix RouterModule gives the module', async () => {
      const imports = [RouterModule.register([{ path: 'accounts', module: AuthModule }])];
      await withApp(modeE({}, { imports, globalPrefix: 'api' }), async (t) => {
        const { activation } = await followLinks(t, below('/api/accounts', usual));
        expect(withoutToken(activation)).toBe('/api/accounts/auth/activate/:token');
        expect((await t.client.send('/api/accounts/auth/login', HOSTILE)).body.code).toBe('INPUT_MALFORMED');
      });
    });
  });

  describe('a wrong configuration does not start:', () => {
    it('every path that is wrong, at once', async () => {
      const routes = { paths: { login: '/auth/login', me: 'auth/:id', sigup: false } } as Routes;
      const error = await whyNot(start(routes));
      expect(pathsOf(error)).toEqual(['routes.paths.login', 'routes.paths.me', 'routes.paths.sigup']);
    });

    it('a preset nobody knows', async () => {
      expect(pathsOf(await whyNot(start({ preset: 'forget' } as unknown as Routes)))).toEqual(['routes.preset']);
    });

    it('a page that is switched off and mailed links lead to', async () => {
      const error = await whyNot(modeE({ paths: { activationPage: false, passwordResetForm: false } }));
      expect(pathsOf(error)).toEqual(['routes.paths.activationPage', 'routes.paths.passwordResetForm']);
    });

    it('an address of our own with a wrong prefix', async () => {
      const activation = { urlTemplate: `${PUBLIC_URL}/auth/activate/{token}` };
      const error = await whyNot(modeE({}, { globalPrefix: 'api/v1', options: { activation } }));
      expect(pathsOf(error)).toEqual(['activation.urlTemplate']);
      expect(error.message).toContain('/api/v1/auth/activate/:token');
      expect(error.message).toContain('AUTH_ACTIVATION_URL_TEMPLATE');
    });

    it('a prefix with a parameter that no mail can fill in', async () => {
      const error = await whyNot(modeE({}, { globalPrefix: ':tenant' }));
      expect(new Set(pathsOf(error))).toEqual(
        new Set([
          'routes.paths.activationPage',
          'routes.paths.activateByPath',
          'routes.paths.passwordResetPage',
          'routes.paths.passwordResetForm',
          'routes.paths.emailChangePage',
          'routes.paths.emailChangeForm',
          'routes.paths.emailChangeUndoPage',
          'routes.paths.emailChangeUndoForm',
        ]),
      );
    });

    it('a version in an application without versions in its paths', async () => {
      expect(pathsOf(await whyNot(start({ version: '1' })))).toEqual(['routes.version']);
      expect(pathsOf(await whyNot(start({ version: '1' }, { configure: versionInHeader })))).toEqual([
        'routes.version',
      ]);
    });

    it('while what is only unusual does', async () => {
      const urlTemplate = `${PUBLIC_URL}/app/welcome#token={token}`;
      const routes: Routes = { paths: { activationPage: false } };
      const options = { publicUrl: PUBLIC_URL, activation: { urlTemplate } };
      await withApp(start(routes, { mode: 'E', options }), async ({ client, mailbox }) => {
        await client.post('/auth/signup', { email: ANN, password: PASSWORD });
        expect((await mailbox.waitFor(ANN)).text).toContain(`${PUBLIC_URL}/app/welcome#token=`);
      });
    });
  });

  it('are those of one application, whatever another in the same process has', async () => {
    await withApp(start({ preset: 'forge', paths: { login: false } }), async (forge) => {
      await withApp(start({ paths: { me: 'whoami' } }), async (usual) => {
        expect(await statuses(forge)).toEqual([400, 404, 404, 401, 404]);
        expect(await statuses(usual)).toEqual([404, 400, 400, 404, 401]);
      });
    });
  });
});

/** The part of an Express application that another one is mounted in. */
interface ParentApplication {
  use(path: string, child: object): void;
  listen(port: number, host: string): Server;
}

describe('an Express application inside another', () => {
  it('mails links with the path it is mounted at', async () => {
    const parent = new ExpressAdapter().getInstance<ParentApplication>();
    const configure = (app: INestApplication) => {
      parent.use('/portal', app.getHttpAdapter().getInstance() as object);
    };
    const options = { publicUrl: PUBLIC_URL };
    await withApp({ mode: 'E', adapter: 'express', configure, options }, async ({ client, mailbox }) => {
      const server = parent.listen(0, '127.0.0.1');
      await client.post('/auth/signup', { email: ANN, password: PASSWORD });
      const path = linkIn(await mailbox.waitFor(ANN));
      expect(path).toMatch(/^\/portal\/auth\/activate\//);
      const { port } = server.address() as AddressInfo;
      const page = await fetch(`http://127.0.0.1:${port}${path}`);
      expect(page.status).toBe(200);
      await new Promise((resolve) => server.close(resolve));
    });
  });
});
