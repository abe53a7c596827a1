import type { Client } from '../../support/client.js';
import { tokenIn } from '../../support/mailbox.js';
import { type Figure, none } from '../fault.js';
import { NAMES, PASSWORD, type Site, type Tokens } from './site.js';

const NEW_PASSWORD = 'another long enough secret';

/** Whose session it is, and where it is ended. */
interface Scene {
  site: Site;
  at: Client;
  email: string;
  tokens: Tokens;
}

/** What ends the session of `tokens`, done on one instance. */
const ENDINGS: Record<string, (scene: Scene) => Promise<unknown>> = {
  logout: ({ site, at, tokens: { refresh_token } }) => site.ok(at.post('/auth/logout', { refresh_token })),
  'logout of every device': ({ site, at, tokens: { access_token: bearer } }) =>
    site.ok(at.post('/auth/logout-all', {}, { bearer })),
  'password change': async ({ site, at, email }) => {
    const { body } = await site.ok(site.login(email, PASSWORD, at));
    const passwords = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    return site.ok(at.post('/auth/password-change', passwords, { bearer: body.access_token }));
  },
  'password reset': async ({ site, at, email }) => {
    await site.ok(at.post('/auth/password-reset/request', { email }));
    const token = tokenIn(await site.mailbox.waitFor(email, 2));
    return site.ok(at.post('/auth/password-reset/confirm', { token, new_password: NEW_PASSWORD }));
  },
  'e-mail change': async ({ site, at, email, tokens: { access_token: bearer } }) => {
    const change = { new_email: `new-${email}`, current_password: PASSWORD };
    await site.ok(at.post('/auth/email-change/request', change, { bearer }));
    const token = tokenIn(await site.mailbox.waitFor(change.new_email));
    return site.ok(at.post('/auth/email-change/confirm', { token }));
  },
  'deactivation by an operator': ({ site, email }) =>
    site.source.query(`UPDATE users SET is_active = FALSE WHERE email = '${email}'`),
  deletion: ({ site, at, tokens: { access_token: bearer } }) =>
    site.ok(at.request('DELETE', '/auth/me', { current_password: PASSWORD }, { bearer })),
  'a refresh token used again': async ({ site, at, tokens: { refresh_token } }) => {
    const second = await site.ok(at.post('/auth/refresh', { refresh_token }));
    await site.ok(at.post('/auth/refresh', { refresh_token: second.body.refresh_token }));
    return site.expect(401, at.post('/auth/refresh', { refresh_token }));
  },
};

/**
 * Ends sessions on one instance, each way so many times, and asks the other ones at once, each for the first time since:
 * with the access token and with the refresh token.
 */
export async function revocation(site: Site, rounds: number): Promise<Figure[]> {
  let [requests, accepted] = [0, 0];
  const { size } = site.fleet;
  for (const [name, end] of Object.entries(ENDINGS)) {
    for (let round = 0; round < rounds; round++) {
      const email = site.newEmail('revoked');
      const tokens = await site.activeUser(email);
      const others = Array.from({ length: size - 1 }, (_, index) => site.fleet.at(round + 1 + index));
      const bearer = tokens.access_token;
      for (const other of others) await site.ok(other.get('/demo/protected', { bearer }));
      await end({ site, at: site.fleet.at(round), email, tokens });
      const answers = await Promise.all(
        others.flatMap((other) => [
          other.get('/demo/protected', { bearer }),
          other.post('/auth/refresh', { refresh_token: tokens.refresh_token }),
        ]),
      );
      requests += answers.length;
      const late = answers.filter(({ status }) => status !== 401);
      for (const { status, text } of late) console.error(`after ${name}: ${status} ${text}`);
      accepted += late.length;
    }
  }
  const ways = Object.keys(ENDINGS).length;
  return [
    none(
      `of ${requests} requests on the other three right after ${ways} ways to end a session on one: not refused (${NAMES[site.kind]})`,
      accepted,
    ),
    none(
      `tokens of a family taken after a reuse that killed it, its instance then killed by SIGKILL (${NAMES[site.kind]})`,
      await afterKill(site),
    ),
  ];
}

/** What the instance did that noticed the reuse must be on disk before it says so. */
async function afterKill(site: Site): Promise<number> {
  const email = site.newEmail('killed');
  const first = await site.activeUser(email);
  const at = site.fleet.at(0);
  const { body: second } = await site.ok(at.post('/auth/refresh', { refresh_token: first.refresh_token }));
  const { body: third } = await site.ok(at.post('/auth/refresh', { refresh_token: second.refresh_token }));
  await site.expect(401, at.post('/auth/refresh', { refresh_token: first.refresh_token }));
  await site.fleet.processes[0]!.stop();
  await site.fleet.start(0);
  let taken = 0;
  for (let index = 0; index < site.fleet.size; index++) {
    const client = site.fleet.at(index);
    for (const { access_token: bearer, refresh_token } of [first, second, third] as Tokens[]) {
      const answers = [
        await client.get('/demo/protected', { bearer }),
        await client.post('/auth/refresh', { refresh_token }),
      ];
      taken += answers.filter(({ status }) => status !== 401).length;
    }
  }
  return taken;
}
