import { exportLink, forgetAccount, showDevices, showProfile } from './account.js';
import { endSession, info, openSession, session } from './api.js';
import { link } from './links.js';
import { $, showStatus, suggest } from './page.js';

/**
 * What the success of each call means: it changes the session and returns what to say, text or a list of text and nodes.
 * Takes the body that was answered, the one that was sent, and the form or button that was pressed.
 */
export const succeeded = {
  signup: afterSignup,
  activate: (body) => signIn(body, 'The account is active and you are signed in. Press “Who am I”.'),
  resendActivation: (body) => linkOrHint('activation', body?.activation_url, 'a new activation link'),
  login: (body, sent) => signIn(body, 'You are signed in. Press “Who am I”.', sent.email),
  me: afterMe,
  refresh: (body) => signIn(body, 'Both tokens are new; the refresh token you had is used up.', session.account),
  logout: () => signOut('Ended by you', 'This session has ended, and its access token with it.'),
  logoutAll: () => signOut('Ended by you, on every device', 'Every session of the account has ended.'),
  editProfile: afterEdit,
  listSessions: afterList,
  endSession: afterEnd,
  changePassword: afterPasswordChange,
  requestEmailChange: afterChangeRequest,
  confirmEmailChange: afterChange,
  undoEmailChange: afterUndo,
  exportAccount: (body) => ['Everything that is stored about the account. ', exportLink(body)],
  deleteAccount: () =>
    signOut('Ended: the account is deleted', 'The account is deleted, and everything stored about it.'),
  requestPasswordReset: afterForgot,
  confirmPasswordReset: afterReset,
  protected: () => 'Let in: the access token is good.',
  verifiedOnly: () => 'Let in: the address of this account is verified.',
  optional: () => (session.open ? 'Let in, and recognised.' : 'Let in as a stranger: no token was sent.'),
  role: (body) => `The access token says that your role is ${body.role}.`,
};

/** What a failure means for the session, by its status; what is said is the answer's own message. */
export function failed(route, status) {
  if (status !== 401) return;
  // A refused refresh token never works again. After any other failure, no answer included, it may.
  if (route.withRefreshToken) signOut('Ended: log in again');
  if (route.withAccessToken && session.open) session.state = 'Token refused: try Refresh';
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
  if (body.expires_in) return signIn(body, 'The account is active at once, and you are signed in.', sent.email);
  suggest(body.activation_required === false || info.mode === 'E' ? 'login' : 'activate');
  if (body.activation_required === false) return 'The account is active. Log in.';
  return linkOrHint('activation', body.activation_url);
}

function afterMe(body) {
  session.account = body.email ?? body.id ?? session.account;
  showProfile(body);
  suggest(null);
  showStatus();
  return `You are ${session.account}.`;
}

function afterEdit(body, sent) {
  showProfile(body);
  const edited = Object.keys(sent);
  return edited.length ? `Saved: ${edited.join(' and ')}.` : 'Nothing was edited, so nothing has changed.';
}

function afterList(sessions) {
  showDevices(sessions);
  return sessions.length === 1 ? 'You are signed in on this device only.' : `Signed in on ${sessions.length} devices.`;
}

function afterEnd(body, sent, button) {
  const { current } = button.closest('li').dataset;
  if (current === 'true') return signOut('Ended by you', 'This session has ended, and its access token with it.');
  button.closest('li').remove();
  return 'That device is signed out: its next request is refused.';
}

function afterChangeRequest(body) {
  if (info.mode !== 'D') return linkOrHint('confirmation', body.email_change_url, 'the confirmation link');
  return signOut('Ended: the address changed', 'If the address is free, it is the account’s now. Log in with it.');
}

function afterChange(body) {
  const message = `The address is ${body.email} now. Every session has ended: log in with it.`;
  signOut('Ended: the address changed', message);
  if (body.undo_url) return [`${message} The old address could take that back: `, link(body.undo_url)];
  return `${message} The old address was told, and can take that back.`;
}

function afterUndo(body) {
  signOut('Ended: the change was taken back', '');
  const message = `The address is ${body.email} again, and the password no longer works.`;
  return [`${message} `, linkOrHint('reset', body.reset_url, 'a link to set a new one')].flat();
}

function afterForgot(body) {
  if (info.mode !== 'D') suggest(info.mode === 'E' ? 'login' : 'confirmPasswordReset');
  return linkOrHint('reset', body?.reset_url);
}

function afterReset(body) {
  if (body?.expires_in) return signIn(body, 'The new password is set and you are signed in; other sessions ended.');
  signOut('Ended: the password changed');
  return 'The new password is set. Log in with it.';
}

/** Cookies were renewed with the answer; a bearer token is as good as before, unless the answer has another. */
function afterPasswordChange(body) {
  if (body?.expires_in) signIn(body, '', session.account);
  return 'The new password is set. Every other session has ended; this one goes on.';
}

function signIn(pair, message, account = null) {
  if (session.state !== 'Open') suggest('me');
  openSession(pair, account);
  showStatus();
  return message;
}

function signOut(state, message) {
  endSession(state);
  forgetAccount();
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
