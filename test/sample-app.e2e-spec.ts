import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Client } from './support/client.js';
import { freePort } from './support/free-port.js';
import { type OwnCheckout, ownCheckout } from './support/own-checkout.js';
import { PASSWORD } from './support/test-app.js';

const EMAIL = 'newcomer@example.com';
const NEW_EMAIL = 'moved@example.com';
const NEW_PASSWORD = 'a new and rather long passphrase';

interface StartedSample {
  client: Client;
  mailCatcherUrl?: string;
}

let checkout: OwnCheckout;
let started: ChildProcess | undefined;

beforeAll(async () => {
  checkout = await ownCheckout();
});
afterAll(() => checkout.remove());
afterEach(() => started?.kill('SIGTERM'));

/** What `npm start` runs, on a database of its own, until it says where to click. */
async function startSample(mode: string): Promise<StartedSample> {
  const port = await freePort();
  const env = {
    ...process.env,
    AUTH_MODE: mode,
    PORT: String(port),
    DATABASE_URL: ':memory:',
    AUTH_UNIFORM_ANSWER_MS: '0',
  };
  const child = spawn(process.execPath, [join(checkout.directory, 'scripts/start.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started = child;
  const output = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes('Ctrl-C')) resolve(text);
    });
    child.once('exit', () => reject(new Error(`npm start ended: ${text}`)));
  });
  return {
    client: new Client(`http://localhost:${port}`),
    mailCatcherUrl: /Mail catcher +(http:\S+)/.exec(output)?.[1],
  };
}

/** Where the page of an application takes tokens from, and the route that takes them. */
const ROUTE_OF_LINK = {
  activate: '/auth/activate',
  'email-change': '/auth/email-change/confirm',
  'undo-email-change': '/auth/email-change/undo',
};

/** The newest link that was mailed to an address, of those of that number, as the mail catcher's API shows it. */
async function linkInCatcher(catcherUrl: string, address: string, count = 1): Promise<string> {
  const catcher = new Client(catcherUrl);
  for (;;) {
    const mails = (await catcher.get('/email')).body as { text: string; to: { address: string }[] }[];
    const links = mails
      .filter(({ to }) => to[0]?.address === address)
      .flatMap(({ text }) => /http:\S+[A-Za-z0-9_-]{64}/.exec(text)?.[0] ?? []);
    if (links.length >= count) return links[count - 1]!;
  }
}

/** Follows the link as its reader would: to the page of the back end and its button, or to the page with the token. */
async function follow(client: Client, link: string): Promise<Answer> {
  const url = new URL(link);
  // The link leads to this very application.
  expect(url.origin).toBe(client.origin);
  const [, step, token] = /^#([a-z-]+)=([\w-]{64})$/.exec(url.hash) ?? [];
  if (token) return client.post(ROUTE_OF_LINK[step as keyof typeof ROUTE_OF_LINK], { token });
  const page = await client.get(url.pathname);
  if (!page.text.includes('<form')) return page;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
  return client.post(url.pathname, undefined, { headers });
}

describe.each([
  ['A', 'mail'],
  ['B', 'mail'],
  ['C', 'answer'],
  ['D', 'nowhere'],
  ['E', 'mail'],
])('npm start in mode %s', (mode, whereTheLinkIs) => {
  it('takes a newcomer through the life of an account, and ends cleanly', { timeout: 90_000 }, async () => {
    const { client, mailCatcherUrl } = await startSample(mode);
    const signup = await client.post('/auth/signup', { email: EMAIL, password: PASSWORD, name: 'Newcomer' });
    expect(signup.status).toBe(201);
    expect(mailCatcherUrl !== undefined).toBe(whereTheLinkIs === 'mail');
    const logIn = (password = PASSWORD) => client.post('/auth/login', { email: EMAIL, password });
    expect((await logIn()).status).toBe(whereTheLinkIs === 'nowhere' ? 200 : 401);

    const link = mailCatcherUrl ? await linkInCatcher(mailCatcherUrl, EMAIL) : signup.body.activation_url;
    expect(link === null).toBe(whereTheLinkIs === 'nowhere');
    expect(link === null || (await follow(client, link)).status === 200).toBe(true);

    const login = await logIn();
    expect(login.status).toBe(200);
    const bearer: string = login.body.access_token;
    const demo = await client.get('/demo/protected', { bearer });
    expect([demo.status, demo.body.user_id]).toEqual([200, expect.any(String)]);
    expect((await client.get('/demo/role', { bearer })).body).toEqual({ role: 'member' });
    expect((await client.get('/sample/info')).body).toMatchObject({ mode, token_delivery: 'bearer', jwks_url: null });
    expect((await client.get('/')).text).toContain('<form');

    await useTheAccount(client, bearer);
    await moveAndComeBack(client, mailCatcherUrl);
    await guess(client);

    const ended = once(started!, 'exit');
    started!.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});

/** What the owner of an account does with it: profile, devices, password, export. */
async function useTheAccount(client: Client, bearer: string): Promise<void> {
  const edited = await client.request('PATCH', '/auth/me', { name: 'Old hand', locale: 'fr' }, { bearer });
  expect(edited.body).toEqual({
    id: expect.any(String),
    email: EMAIL,
    username: null,
    name: 'Old hand',
    locale: 'fr',
    is_active: true,
    is_verified: expect.any(Boolean),
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  const devices = (await client.get('/auth/sessions', { bearer })).body as { id: string; current: boolean }[];
  for (const { id } of devices.filter(({ current }) => !current)) {
    expect((await client.request('DELETE', `/auth/sessions/${id}`, undefined, { bearer })).status).toBe(204);
  }
  expect((await client.get('/auth/sessions', { bearer })).body).toHaveLength(1);
  const change = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  expect((await client.post('/auth/password-change', change, { bearer })).status).toBe(204);
  const exported = await client.get('/auth/me/export', { bearer });
  expect(exported.body.account).toMatchObject({ email: EMAIL, name: 'Old hand', role: 'member' });
}

/** Tries wrong passwords, until there is a wait. */
async function guess(client: Client): Promise<void> {
  const answers: Answer[] = [];
  for (let tries = 0; tries < 6; tries++) {
    answers.push(await client.post('/auth/login', { email: 'target@example.com', password: 'a wrong passphrase' }));
  }
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
  expect(answers.at(-1)!.headers.get('retry-after')).toBe('1');
}

/** Changes the address by the link to the new one, and takes that back by the link the old one gets. */
async function moveAndComeBack(client: Client, catcherUrl?: string): Promise<void> {
  const logIn = (email: string) => client.post('/auth/login', { email, password: NEW_PASSWORD });
  const bearer: string = (await logIn(EMAIL)).body.access_token;
  const wish = { new_email: NEW_EMAIL, current_password: NEW_PASSWORD };
  const request = await client.post('/auth/email-change/request', wish, { bearer });
  expect(request.status).toBe(202);
  const link = catcherUrl ? await linkInCatcher(catcherUrl, NEW_EMAIL) : request.body.email_change_url;
  // Mode D proves no address: the change has happened already, and there is nothing to undo.
  const confirmed = link === null ? undefined : await follow(client, link);
  expect([confirmed?.status ?? 200, (await client.get('/demo/protected', { bearer })).status]).toEqual([200, 401]);
  expect([(await logIn(EMAIL)).status, (await logIn(NEW_EMAIL)).status]).toEqual([401, 200]);
  if (!confirmed) return;

  const undo = catcherUrl ? await linkInCatcher(catcherUrl, EMAIL, 2) : confirmed.body.undo_url;
  expect((await follow(client, undo)).status).toBe(200);
  // The address is back, and whoever changed it knew the password: it no longer works anywhere.
  expect([(await logIn(EMAIL)).status, (await logIn(NEW_EMAIL)).status]).toEqual([401, 401]);
}
