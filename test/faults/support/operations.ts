import { tokenIn } from '../../support/mailbox.js';
import type { Mailbox } from '../../support/mailbox.js';
import { type Account, kindOf, type KnownSession, type MailKind, type Operation, writtenAt } from './account.js';
import type { Random } from './random.js';

const MOST_SESSIONS = 4;
const LINKS: readonly MailKind[] = ['activation', 'reset', 'change'];
let sessions = 0;

/** The session whose tokens an answer carries. */
export function sessionIn(answer: Record<string, unknown> | undefined, key = ++sessions): KnownSession[] {
  const { access_token: access, refresh_token: refresh } = answer ?? {};
  return typeof access === 'string' && typeof refresh === 'string' ? [{ key, access, refresh }] : [];
}

/** A password that any policy takes. */
export const newPassword = (random: Random): string => `quarry-Lantern-${random.digits(12)}`;

/** Whatever can be done to an account as it is. */
export function possible(account: Account, random: Random, mailbox: Mailbox): Operation[] {
  const { now } = account;
  if (now.state === 'none') return [signup(account, random)];
  if (now.state === 'pending') return pending(account, mailbox);
  if (now.state !== 'active') return [];
  return [...byLink(account, random, mailbox), ...byPassword(account, random), ...bySession(account, random)];
}

function signup({ now }: Account, random: Random): Operation {
  const { email, password } = now;
  const name = `Visitor ${random.digits(6)}`;
  return {
    name: 'signup',
    call: { method: 'POST', path: '/auth/signup', body: { email, password, name } },
    world: () => ({ ...now, state: 'pending', name }),
    promises: [{ to: email, kind: 'activation' }],
  };
}

function pending(account: Account, mailbox: Mailbox): Operation[] {
  const { now } = account;
  const { email } = now;
  const resend: Operation = {
    name: 'resend',
    call: { method: 'POST', path: '/auth/activation/resend', body: { email } },
    world: () => now,
    promises: [{ to: email, kind: 'activation' }],
  };
  const token = linkFor(account, mailbox, 'activation', email, 0);
  if (!token) return [resend];
  const activate: Operation = {
    name: 'activate',
    call: { method: 'POST', path: '/auth/activate', body: { token } },
    world: (answer) => ({ ...now, state: 'active', sessions: sessionIn(answer) }),
    waives: ['activation'],
    link: token,
  };
  return [activate, activate, activate, resend];
}

function byLink(account: Account, random: Random, mailbox: Mailbox): Operation[] {
  const { now, resetSince, change, undo } = account;
  const reset = resetSince !== undefined && linkFor(account, mailbox, 'reset', now.email, resetSince);
  const confirm = change && linkFor(account, mailbox, 'change', change.address, change.since);
  const back = undo && linkFor(account, mailbox, 'undo', undo.address, undo.since);
  const password = newPassword(random);
  return [
    ...several(3, reset, (token) => ({
      name: 'reset',
      call: { method: 'POST', path: '/auth/password-reset/confirm', body: { token, new_password: password } },
      world: (answer) => ({ ...now, password, sessions: sessionIn(answer) }),
      promises: [{ to: now.email, kind: 'notice' }],
      waives: LINKS,
      link: token,
      begun: (subject) => forgetLinks(subject),
    })),
    ...several(3, confirm, (token) => ({
      name: 'confirm address',
      call: { method: 'POST', path: '/auth/email-change/confirm', body: { token } },
      world: () => ({ ...now, email: change!.address, sessions: [] }),
      promises: [{ to: now.email, kind: 'undo' }],
      waives: LINKS,
      link: token,
      begun: (subject) => forgetLinks(subject),
      done: (subject, since) => (subject.undo = { address: now.email, since }),
    })),
    ...several(1, back, (token) => ({
      name: 'undo address',
      call: { method: 'POST', path: '/auth/email-change/undo', body: { token } },
      world: () => ({ ...now, email: undo!.address, password: null, sessions: [] }),
      promises: [{ to: undo!.address, kind: 'reset' }],
      waives: LINKS,
      link: token,
      begun: (subject) => {
        forgetLinks(subject);
        subject.undo = undefined;
      },
      done: (subject, since) => (subject.resetSince = since),
    })),
    {
      name: 'ask for reset',
      call: { method: 'POST', path: '/auth/password-reset/request', body: { email: now.email } },
      world: () => now,
      promises: [{ to: now.email, kind: 'reset' }],
      waives: ['reset'],
      begun: (subject) => (subject.resetSince = undefined),
      done: (subject, since) => (subject.resetSince = since),
    },
  ];
}

function byPassword({ now }: Account, random: Random): Operation[] {
  const { email, password } = now;
  if (password === null) return [];
  const login: Operation = {
    name: 'login',
    call: { method: 'POST', path: '/auth/login', body: { email, password } },
    world: (answer) => ({ ...now, sessions: [...now.sessions, ...sessionIn(answer)] }),
  };
  if (now.sessions.length === 0) return [login, login];
  const { access: bearer } = random.pick(now.sessions);
  const address = `moved-${random.digits(12)}@example.com`;
  return [
    ...(now.sessions.length < MOST_SESSIONS ? [login, login] : []),
    {
      name: 'ask for address',
      call: {
        method: 'POST',
        path: '/auth/email-change/request',
        body: { new_email: address, current_password: password },
        bearer,
      },
      world: () => now,
      promises: [{ to: address, kind: 'change' }],
      waives: ['change'],
      begun: (subject) => (subject.change = undefined),
      done: (subject, since) => (subject.change = { address, since }),
    },
    {
      name: 'delete',
      call: { method: 'DELETE', path: '/auth/me', body: { current_password: password }, bearer },
      world: () => ({ ...now, state: 'gone', sessions: [] }),
      waives: [...LINKS, 'undo', 'notice'],
    },
  ];
}

function bySession({ now }: Account, random: Random): Operation[] {
  if (now.sessions.length === 0) return [];
  const session = random.pick(now.sessions);
  const { access: bearer, refresh, key } = session;
  const others = now.sessions.filter((each) => each !== session);
  const name = `Visitor ${random.digits(6)}`;
  const password = newPassword(random);
  const body = { current_password: now.password, new_password: password };
  const edit: Operation = {
    name: 'edit profile',
    call: { method: 'PATCH', path: '/auth/me', body: { name }, bearer },
    world: () => ({ ...now, name }),
  };
  const rotate: Operation = {
    name: 'refresh',
    call: { method: 'POST', path: '/auth/refresh', body: { refresh_token: refresh } },
    world: (answer) => ({ ...now, sessions: [...others, ...(answer ? sessionIn(answer, key) : [session])] }),
  };
  const logout: Operation = {
    name: 'logout',
    call: { method: 'POST', path: '/auth/logout', body: { refresh_token: refresh } },
    world: () => ({ ...now, sessions: others }),
  };
  const logoutAll: Operation = {
    name: 'logout everywhere',
    call: { method: 'POST', path: '/auth/logout-all', bearer },
    world: () => ({ ...now, sessions: [] }),
  };
  const changePassword: Operation = {
    name: 'change password',
    call: { method: 'POST', path: '/auth/password-change', body, bearer },
    world: () => ({ ...now, password, sessions: [session] }),
    promises: [{ to: now.email, kind: 'notice' }],
    waives: LINKS,
    begun: (subject) => forgetLinks(subject),
  };
  const always = [edit, edit, rotate, rotate, rotate, logout, logoutAll];
  return now.password === null ? always : [...always, changePassword, changePassword];
}

function forgetLinks(account: Account): void {
  account.resetSince = undefined;
  account.change = undefined;
}

/** The link in the newest mail of a kind that was written since; absent where it has not arrived. */
function linkFor({ spent }: Account, mailbox: Mailbox, kind: MailKind, to: string, since: number): string | undefined {
  const found = mailbox.to(to).filter((mail) => kindOf(mail) === kind && writtenAt(mail) >= since);
  const newest = found.sort((a, b) => writtenAt(b) - writtenAt(a))[0];
  const token = newest && tokenIn(newest);
  return token !== undefined && !spent.has(token) ? token : undefined;
}

function several(count: number, link: string | false | undefined, make: (link: string) => Operation): Operation[] {
  return link ? Array.from({ length: count }, () => make(link)) : [];
}
