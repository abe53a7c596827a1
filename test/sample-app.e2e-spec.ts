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

afterEach(async () => {
  if (!started || started.exitCode !== null) return;
  const ended = once(started, 'exit');
  started.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

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

describe.each(['A', 'B', 'C', 'D', 'E'])('npm start in mode %s', (mode) => {
  it('takes a newcomer from signup over the link to a login', { timeout: 60_000 }, async () => {
    const { client, mailCatcherUrl } = await startSample(mode);
    const signup = await client.post('/auth/signup', { email: EMAIL, password: PASSWORD, name: 'Newcomer' });
    expect(signup.status).toBe(201);
    expect(mailCatcherUrl !== undefined).toBe(['A', 'B', 'E'].includes(mode));

    if (mode !== 'D') {
      expect((await client.post('/auth/login', { email: EMAIL, password: PASSWORD })).status).toBe(401);
      const link = new URL(signup.body.activation_url ?? (await linkInCatcher(mailCatcherUrl!)));
      // The link leads to this very application: to its page for the token, or to the page that activates.
      expect(link.origin).toBe(client.origin);
      const page = await client.get(link.pathname);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
      if (mode !== 'E') {
        const token = link.hash.replace('#activate=', '');
        expect((await client.post('/auth/activate', { token })).status).toBe(200);
      }
    }

    const login = await client.post('/auth/login', { email: EMAIL, password: PASSWORD });
    expect(login.status).toBe(200);
    const demo = await client.get('/demo/protected', { bearer: login.body.access_token });
    expect([demo.status, demo.body.user_id]).toEqual([200, expect.any(String)]);
    expect((await client.get('/sample/info')).body.mode).toBe(mode);
    expect((await client.get('/')).text).toContain('<form');
  });
});
