import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Engine } from './support/engines/engine.js';
import { launchFirefox } from './support/engines/firefox.js';
import { launchWebKit } from './support/engines/webkit.js';
import { freePort } from './support/free-port.js';
import { userRow } from './support/rows.js';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

const NEW_PASSWORD = 'a new and rather long passphrase';
const ENGINES = [
  ['firefox', launchFirefox],
  ['webkit', launchWebKit],
] as const;
const available = ENGINES.filter(([leg]) => inject('legs').available.includes(leg));
const stacks = available.flatMap(([name, start]) =>
  [true, false].map((javaScript) => [name, javaScript, start] as const),
);

// What is common to all engines is looked at in Chromium (browser-pages): here, that the pages work in the others as well.
describe.runIf(stacks.length > 0).each(stacks)(
  'the pages of mode E in %s, with JavaScript %s',
  (name, javaScript, start) => {
    let t: TestApp;
    let engine: Engine;
    beforeAll(async () => {
      const port = await freePort();
      const options = { publicUrl: `http://127.0.0.1:${port}`, activation: { confirm: true } };
      [t, engine] = await Promise.all([createTestApp({ mode: 'E', port, options }), start({ javaScript })]);
    });
    afterAll(async () => {
      await engine.close();
      await t.close();
    });

    const address = (who: string) => `${who}-${name}-${javaScript}@example.org`;
    const mailedLink = async (email: string, count = 1) => {
      const { text } = await t.mailbox.waitFor(email, count);
      return /http:\/\/\S+/.exec(text!)![0];
    };
    const logIn = async (email: string, password: string) =>
      (await t.client.post('/auth/login', { email, password })).status;
    const shows = (selector: string, text: RegExp | string) =>
      vi.waitFor(async () => expect(await engine.text(selector)).toMatch(text), { timeout: 10_000 });

    it('an account is activated by a button, and not by opening the link', async () => {
      const email = address('new');
      await t.client.post('/auth/signup', { email, password: PASSWORD });
      const link = await mailedLink(email);
      await engine.open(link);
      await shows('button', 'Activate account');
      expect((await userRow(t, email))!.isActive).toBe(false);
      await engine.click('button');
      await shows('h1', /^Your account is active$/);
      expect(await logIn(email, PASSWORD)).toBe(200);
      await engine.open(link);
      await shows('h1', /^Your account is already active$/);
    });

    it('a form refuses two passwords that differ, sets one that is typed twice, and works once', async () => {
      const email = address('reset');
      await t.activeUser(email);
      await t.client.post('/auth/password-reset/request', { email });
      const link = await mailedLink(email, 2);
      await engine.open(link);
      const submit = async (password: string, repeated: string) => {
        await engine.type('input[name=new_password]', password);
        await engine.type('input[name=confirm_password]', repeated);
        await engine.click('button');
      };
      await submit(NEW_PASSWORD, `${NEW_PASSWORD}!`);
      await shows('[role=alert]', 'The two passwords differ.');
      expect(await logIn(email, PASSWORD)).toBe(200);
      await submit(NEW_PASSWORD, NEW_PASSWORD);
      await shows('h1', /^Your password is changed$/);
      expect([await logIn(email, NEW_PASSWORD), await logIn(email, PASSWORD)]).toEqual([200, 401]);
      await engine.open(link);
      await shows('h1', /^Your password is changed$/);
    });

    it('an address is changed by a button and taken back by another, and neither link acts by itself', async () => {
      const [old, next] = [address('old'), address('next')];
      const { access_token: bearer } = await t.activeUser(old);
      await t.client.post('/auth/email-change/request', { new_email: next, current_password: PASSWORD }, { bearer });
      await engine.open(await mailedLink(next));
      await shows('button', 'Confirm new address');
      expect(await logIn(old, PASSWORD)).toBe(200);
      await engine.click('button');
      await shows('h1', /^Your address is changed$/);
      expect([await logIn(next, PASSWORD), await logIn(old, PASSWORD)]).toEqual([200, 401]);
      await engine.open(await mailedLink(old, 2));
      await shows('h1', /^Take your account back$/);
      expect(await logIn(next, PASSWORD)).toBe(200);
      await engine.click('button');
      await shows('h1', /^You have your account back$/);
      expect([await logIn(next, PASSWORD), await logIn(old, PASSWORD)]).toEqual([401, 401]);
    });
  },
);
