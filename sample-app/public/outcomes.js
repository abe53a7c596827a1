import { endSession, info, openSession, session } from './api.js';
import { link } from './links.js';
import { $, showStatus, suggest } from './page.js';

/**
 * What the success of each call means: it changes the session and returns what to say, text or a list of text and nodes.
 * Takes the body that was answered and the one that was sent.
 */
export const succeeded = {
  signup: afterSignup,
  activate: (body) => signIn(body, 'The account is active and you are signed in. Press “Who am I”.'),
  resend: (body) => linkOrHint('activation', body?.activation_url, 'a new activation link'),
  login: (body, sent) => signIn(body, 'You are signed in. Press “Who am I”.', sent.email),
  me: afterMe,
  refresh: (body) => signIn(body, 'Both tokens are new; the refresh token you had is used up.', session.account),
  logout: () => signOut('Ended by you', 'This session has ended, and its access token with it.'),
  logoutAll: () => signOut('Ended by you, on every device', 'Every session of the account has ended.'),
  forgot: afterForgot,
  reset: afterReset,
  protected: () => 'Let in: the access token is good.',
  verifiedOnly: () => 'Let in: the address of this account is verified.',
  optional: () => (session.access ? 'Let in, and recognised.' : 'Let in as a stranger: no token was sent.'),
};

/** What a failure means for the session, by its status; what is said is the answer's own message. */
export function failed(route, status) {
  if (status !== 401) return;
  // A refused refresh token never works again. After any other failure, no answer included, it may.
  if (route.fromSession) signOut('Ended: log in again');
  if (route.bearer && session.access) session.state = 'Token refused: try Refresh';
  showStatus();
}

export function failureText({ status, body, notes }) {
  if (status === 0) return 'No answer: is the back end running?';
  const seconds = Object.fromEntries(notes)['retry-after'];
  const wait = seconds ? ` Try again in ${seconds} s.` : '';
  return `${status} ${body?.code ?? ''}: ${body?.message ?? 'the answer had no message.'}${wait}`.replace(' :', ':');
}

function afterSignup(body, sent) {
  for (const id of ['login-email', 'resend-email', 'forgot-email']) $(`#${id}`).value ||= sent.email;
  if (body.access_token) return signIn(body, 'The account is active at once, and you are signed in.', sent.email);
  suggest(body.activation_required === false || info.mode === 'E' ? 'login' : 'activate');
  if (body.activation_required === false) return 'The account is active. Log in.';
  return linkOrHint('activation', body.activation_url);
}

function afterMe(body) {
  session.account = body.email ?? body.id ?? session.account;
  suggest(null);
  showStatus();
  return `You are ${session.account}.`;
}

function afterForgot(body) {
  if (info.mode !== 'D') suggest(info.mode === 'E' ? 'login' : 'reset');
  return linkOrHint('reset', body?.reset_url);
}

function afterReset(body) {
  if (body?.access_token) return signIn(body, 'The new password is set and you are signed in; other sessions ended.');
  signOut('Ended: the password changed');
  return 'The new password is set. Log in with it.';
}

function signIn(pair, message, account = null) {
  if (session.state !== 'Open') suggest('me');
  openSession(pair, account);
  showStatus();
  return message;
}

function signOut(state, message) {
  endSession(state);
  suggest('login');
  showStatus();
  return message;
}

/** The link that came with the answer, else where to find it. */
function linkOrHint(kind, url, what = `the ${kind} link`) {
  return url ? [`Next, open the ${kind} link: `, link(url)] : mailHint(what);
}

/** Says where a mailed link is to be found. It never says whether the address has an account: the API does not either. */
function mailHint(what) {
  if (info.mode === 'D') return 'Mode D sends no mail, so there is no link to follow. Log in instead.';
  if (info.mode === 'C') return 'No link came back, so there is none for this address.';
  const inbox = info.mail_catcher_url ? ['See ', link(info.mail_catcher_url), ' for '] : ['Look in your inbox for '];
  const ending =
    info.mode === 'E'
      ? 'It opens a page of the back end; finish there, then log in here.'
      : 'Open it, or paste its token into this page.';
  return [...inbox, `${what}. `, ending];
}
