import { expect } from 'vitest';
import type { Answer } from './client.js';
import { tokenIn } from './mailbox.js';
import { PASSWORD, type TestApp } from './test-app.js';

export const CONFIRM_SUBJECT = 'Confirm your new address';
export const NOTICE_SUBJECT = 'The address of your account was changed';
export const RESET_SUBJECT = 'Reset your password';
export const TAKEN_SUBJECT = 'You already have an account';

/** What the tests do to the address of an account, on one application. */
export function emailChanges(t: TestApp) {
  const newest = (address: string, subject: string): string => {
    const mail = t.mailbox.to(address).findLast((each) => each.subject === subject);
    if (!mail) throw new Error(`no mail "${subject}" to ${address}`);
    return tokenIn(mail);
  };
  const login = (email: string, password = PASSWORD) => t.client.post('/auth/login', { email, password });
  const bearerOf = async (email: string, password = PASSWORD): Promise<string> =>
    (await login(email, password)).body.access_token;
  const ask = (bearer: string, new_email: unknown, current_password: unknown = PASSWORD) =>
    t.client.post('/auth/email-change/request', { new_email, current_password }, { bearer });
  const confirm = (token: unknown) => t.client.post('/auth/email-change/confirm', { token });
  const undo = (token: unknown) => t.client.post('/auth/email-change/undo', { token });
  /** Logs in, asks, and takes the link out of the mail to the new address. */
  const linkTo = async (from: string, to: string): Promise<string> => {
    expect((await ask(await bearerOf(from), to)).status).toBe(202);
    await t.mailIsDone();
    return newest(to, CONFIRM_SUBJECT);
  };
  return {
    login,
    bearerOf,
    ask,
    confirm,
    undo,
    linkTo,
    /** Moves an account, and takes the link back out of the mail to the old address. */
    move: async (from: string, to: string): Promise<string> => {
      const answer = await confirm(await linkTo(from, to));
      expect([answer.status, answer.body.email]).toEqual([200, to]);
      await t.mailIsDone();
      return newest(from, NOTICE_SUBJECT);
    },
    /** The newest link of a kind that was mailed to an address, once all mail has arrived. */
    mailedLink: async (address: string, subject: string): Promise<string> => {
      await t.mailIsDone();
      return newest(address, subject);
    },
    /** The subjects of all mails to an address but the first, which activated it, once all have arrived. */
    subjects: async (address: string): Promise<(string | undefined)[]> => {
      await t.mailIsDone();
      return t.mailbox
        .to(address)
        .map(({ subject }) => subject)
        .filter((subject) => subject !== 'Activate your account');
    },
    access: async (bearer: string): Promise<number> => (await t.client.get('/demo/bare', { bearer })).status,
    refresh: async (refresh_token: string): Promise<number> =>
      (await t.client.post('/auth/refresh', { refresh_token })).status,
    reset: (token: string, new_password: string) =>
      t.client.post('/auth/password-reset/confirm', { token, new_password }),
  };
}

export type EmailChanges = ReturnType<typeof emailChanges>;

/** Told that the link did its work before. */
export function expectDoneLink(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    409,
    {
      statusCode: 409,
      code: 'EMAIL_CHANGE_ALREADY_DONE',
      message: 'The address was already changed with this link.',
    },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

/** Refused like every link that is not good. */
export function expectRefusedLink(answer: Answer): void {
  expect([answer.status, answer.body]).toEqual([
    400,
    {
      statusCode: 400,
      code: 'EMAIL_CHANGE_INVALID_TOKEN',
      message: 'The e-mail change link is invalid or has expired.',
    },
  ]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}
