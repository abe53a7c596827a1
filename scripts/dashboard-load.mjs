import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const PASSWORD = 'correct horse battery staple';

/**
 * Visitors who sign up, log in, come back, mistype and reset, for so many seconds; from the middle on somebody who guesses
 * from many networks, and for a while a mail server that takes nothing. Bounded in number and time.
 * @param mails the last mail of each address; `isRefusing` makes the server refuse them
 */
export async function useApplication(origin, mails, seconds) {
  const end = Date.now() + seconds * 1000;
  const at = (part) => end - seconds * 1000 * (1 - part);
  const visitors = Array.from({ length: 4 }, (_, index) => visit(index));
  await Promise.all([...visitors, guess(), loseMail()]);

  /** From an address of this machine that stands for a network: one proxy would be one client. */
  function post(path, body, localAddress) {
    const headers = { 'content-type': 'application/json' };
    return new Promise((found) => {
      const sent = request(
        `${origin}/auth${path}`,
        { method: 'POST', headers, localAddress, agent: false },
        async (answer) => {
          found(await json(answer).catch(() => ({})));
        },
      );
      sent.on('error', () => found({}));
      sent.end(JSON.stringify(body));
    });
  }

  /** The token in the newest mail of an address, once there is one that is not `before`. */
  async function token(email, before) {
    for (let tries = 0; tries < 100 && Date.now() < end; tries++) {
      const found = /token=([\w-]{64})/.exec(mails.get(email) ?? '')?.[1];
      if (found && found !== before) return found;
      await sleep(100);
    }
    return undefined;
  }

  async function visit(index) {
    for (let account = 0; Date.now() < end; account++) {
      const email = `visitor-${index}-${account}@example.com`;
      const ip = `127.0.1.${((index * 60 + account) % 250) + 1}`;
      await post('/signup', { email, password: PASSWORD }, ip);
      const activation = await token(email);
      if (!activation) continue;
      let pair = await post('/activate', { token: activation }, ip);
      for (let round = 0; round < 3 && Date.now() < end; round++) {
        await sleep(300 + Math.random() * 900);
        if (Math.random() < 0.3) await post('/login', { email, password: 'mistyped passphrase' }, ip);
        pair = await post('/login', { email, password: PASSWORD }, ip);
        await post('/refresh', { refresh_token: pair.refresh_token }, ip);
      }
      if (account % 3 === 2) {
        await post('/password-reset/request', { email }, ip);
        const reset = await token(email, activation);
        if (reset) await post('/password-reset/confirm', { token: reset, new_password: `${PASSWORD} again` }, ip);
      }
      if (account % 4 === 3) await post('/activate', { token: 'x'.repeat(64) }, ip);
    }
  }

  /** Bursts of twelve at a time, for a few accounts, from forty networks. */
  async function guess() {
    await sleep(Math.max(0, at(0.45) - Date.now()));
    for (let burst = 0; Date.now() < at(0.8); burst++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          post(
            '/login',
            { email: `target-${(burst + index) % 5}@example.com`, password: `guess ${burst} ${index}` },
            `127.0.2.${((burst * 12 + index) % 40) + 1}`,
          ),
        ),
      );
      await sleep(400);
    }
  }

  async function loseMail() {
    await sleep(Math.max(0, at(0.25) - Date.now()));
    mails.isRefusing = true;
    await sleep(Math.max(0, at(0.35) - Date.now()));
    mails.isRefusing = false;
  }
}
