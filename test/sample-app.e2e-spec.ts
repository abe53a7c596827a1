import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from './support/client.js';
import { PASSWORD } from './support/test-app.js';

const START = fileURLToPath(new URL('../scripts/start.mjs', import.meta.url));
const EMAIL = 'newcomer@example.com';

interface StartedSample {
  client: Client;
  mailCatcherUrl?: string;
}

let started: ChildProcess | undefined;

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
  const child = spawn(process.execPath, [START], { env, stdio: ['ignore', 'pipe', 'inherit'] });
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The link of the newest mail, as the mail catcher's API shows it. */
async function linkInCatcher(catcherUrl: string): Promise<string> {
  const catcher = new Client(catcherUrl);
  for (;;) {
    const mails = (await catcher.get('/email')).body as { text: string; to: { address: string }[] }[];
    const link = mails
      .filter(({ to }) => to[0]?.address === EMAIL)
      .map(({ text }) => /http:\S+[A-Za-z0-9_-]{64}/.exec(text)?.[0])
      .at(-1);
    if (link) return link;
  }
}

/** Follows the link as its reader would: to the page of the back end, or to the one that takes the token. */
async function follow(client: Client, link: URL): Promise<number> {
  const page = await client.get(link.pathname);
  const token = link.hash.replace('#activate=', '');
  return token ? (await client.post('/auth/activate', { token })).status : page.status;
}

describe.each([
  ['A', 'mail'],
  ['B', 'mail'],
  ['C', 'answer'],
  ['D', 'nowhere'],
  ['E', 'mail'],
])('npm start in mode %s', (mode, whereTheLinkIs) => {
  it('takes a newcomer from signup over the link to a login, and ends cleanly', { timeout: 60_000 }, async () => {
    const { client, mailCatcherUrl } = await startSample(mode);
    const signup = await client.post('/auth/signup', { email: EMAIL, password: PASSWORD, name: 'Newcomer' });
    expect(signup.status).toBe(201);
    expect(mailCatcherUrl !== undefined).toBe(whereTheLinkIs === 'mail');
    const logIn = () => client.post('/auth/login', { email: EMAIL, password: PASSWORD });
    expect((await logIn()).status).toBe(whereTheLinkIs === 'nowhere' ? 200 : 401);

    const link = mailCatcherUrl ? await linkInCatcher(mailCatcherUrl) : signup.body.activation_url;
    expect(link === null).toBe(whereTheLinkIs === 'nowhere');
    // The link leads to this very application.
    const url = new URL(link ?? client.origin);
    expect(url.origin).toBe(client.origin);
    expect(link === null ? 200 : await follow(client, url)).toBe(200);

    const login = await logIn();
    expect(login.status).toBe(200);
    const demo = await client.get('/demo/protected', { bearer: login.body.access_token });
    expect([demo.status, demo.body.user_id]).toEqual([200, expect.any(String)]);
    expect((await client.get('/sample/info')).body.mode).toBe(mode);
    expect((await client.get('/')).text).toContain('<form');

    const ended = once(started!, 'exit');
    started!.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
