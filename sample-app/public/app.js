/** Everything the page knows about its session. A module variable: a reload forgets it. */
const session = { access: null, refresh: null, expiresAt: 0, account: null, state: 'None yet' };

/** What GET /sample/info told: the mode, and where its mails are. Empty where the back end does not say. */
let info = {};

const KEPT_EXCHANGES = 50;
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Builds an element. Children are nodes or text, never markup, so no answer of the API can inject any. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Every call the page can make: where it goes, what it sends besides the fields of its form, what its success means. */
const calls = {
  signup: { method: 'POST', path: '/auth/signup', done: afterSignup },
  activate: {
    method: 'POST',
    path: '/auth/activate',
    done: (body) => signIn(body, 'The account is active and you are signed in. Press “Who am I”.'),
  },
  resend: { method: 'POST', path: '/auth/activation/resend', done: afterResend },
  login: {
    method: 'POST',
    path: '/auth/login',
    done: (body, sent) => signIn(body, 'You are signed in. Press “Who am I”.', sent.email),
  },
  me: { method: 'GET', path: '/auth/me', bearer: true, done: afterMe },
  refresh: {
    method: 'POST',
    path: '/auth/refresh',
    fromSession: true,
    done: (body) => signIn(body, 'Both tokens are new; the refresh token you had is used up.', session.account),
    failed: endOnRefusal,
  },
  logout: {
    method: 'POST',
    path: '/auth/logout',
    fromSession: true,
    done: () => signOut('Ended by you', 'This session has ended, and its access token with it.'),
    failed: endOnRefusal,
  },
  logoutAll: {
    method: 'POST',
    path: '/auth/logout-all',
    bearer: true,
    done: () => signOut('Ended by you, on every device', 'Every session of the account has ended.'),
  },
  forgot: { method: 'POST', path: '/auth/password-reset/request', done: afterForgot },
  reset: { method: 'POST', path: '/auth/password-reset/confirm', done: afterReset },
  protected: { method: 'GET', path: '/demo/protected', bearer: true, done: () => 'Let in: the access token is good.' },
  verifiedOnly: {
    method: 'GET',
    path: '/demo/verified-only',
    bearer: true,
    done: () => 'Let in: the address of this account is verified.',
  },
  optional: {
    method: 'GET',
    path: '/demo/optional',
    bearer: true,
    done: () => (session.access ? 'Let in, and recognised.' : 'Let in as a stranger: no token was sent.'),
  },
};

function afterSignup(body, sent) {
  for (const id of ['login-email', 'resend-email', 'forgot-email']) $(`#${id}`).value ||= sent.email;
  if (body.access_token) return signIn(body, 'The account is active at once, and you are signed in.', sent.email);
  suggest(body.activation_required === false || info.mode === 'E' ? 'login' : 'activate');
  if (body.activation_url) return ['Next, open the activation link: ', link(body.activation_url)];
  return body.activation_required === false ? 'The account is active. Log in.' : mailHint('the activation link');
}

function afterResend(body) {
  return body?.activation_url
    ? ['Next, open the activation link: ', link(body.activation_url)]
    : mailHint('a new activation link');
}

function afterMe(body) {
  session.account = body.email ?? body.id ?? session.account;
  suggest(null);
  showStatus();
  return `You are ${session.account}.`;
}

function afterForgot(body) {
  if (info.mode !== 'D') suggest(info.mode === 'E' ? 'login' : 'reset');
  return body?.reset_url ? ['Next, open the reset link: ', link(body.reset_url)] : mailHint('the reset link');
}

function afterReset(body) {
  if (body?.access_token) return signIn(body, 'The new password is set and you are signed in; other sessions ended.');
  signOut('Ended: the password changed');
  suggest('login');
  return 'The new password is set. Log in with it.';
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

function signIn(pair, message, account = null) {
  const { access_token: access, refresh_token: refresh } = pair;
  const expiresAt = Date.now() + lifetimeSeconds(pair) * 1000;
  if (session.state !== 'Open') suggest('me');
  Object.assign(session, { access, refresh, expiresAt, account: account ?? pair.user_id ?? null, state: 'Open' });
  showStatus();
  return message;
}

/** `expires_in`, or where the answer has none what the token itself says. For display: only the API judges tokens. */
function lifetimeSeconds({ expires_in: expiresIn, access_token: token }) {
  if (Number.isFinite(expiresIn)) return expiresIn;
  try {
    const { exp, iat } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return exp - iat || 0;
  } catch {
    return 0;
  }
}

/** A refused refresh token never works again. After any other failure, no answer included, it may. */
function endOnRefusal(status) {
  if (status === 401) signOut('Ended: log in again');
}

function signOut(state, message) {
  Object.assign(session, { access: null, refresh: null, expiresAt: 0, account: null, state });
  suggest('login');
  showStatus();
  return message;
}

function showStatus() {
  const left = Math.max(0, Math.ceil((session.expiresAt - Date.now()) / 1000));
  $('#signed').textContent = session.access ? 'Signed in' : 'Signed out';
  $('#signed').dataset.on = String(Boolean(session.access));
  $('#account').textContent = session.account ?? 'None';
  $('#state').textContent = session.state;
  $('#lifetime').textContent = !session.access ? 'None' : left ? `${left} s left` : 'Expired: press Refresh';
  for (const button of $$('[data-needs="session"]')) button.setAttribute('aria-disabled', String(!session.access));
}

const badge = el('span', { class: 'badge' }, 'next');

/** Moves the “next” badge to the step a newcomer should press now. */
function suggest(step) {
  const target = step && $(`[data-step="${step}"] .title`);
  if (target) target.append(badge);
  else badge.remove();
}

/** Makes one call, shows the exchange, and tells its outcome beside the button. */
async function run(trigger) {
  const call = calls[trigger.dataset.call];
  const form = trigger.matches('form') ? trigger : null;
  const button = form ? $('button', form) : trigger;
  const outcome = $('.outcome', form ?? trigger.closest('.card'));
  if (button.ariaBusy === 'true') return;
  clearProblems(form, outcome);
  if (button.ariaDisabled === 'true') return tell(outcome, 'bad', 'Log in first: there is no session to do this with.');

  button.ariaBusy = 'true';
  const sent = call.fromSession ? { refresh_token: session.refresh } : form && fieldsOf(form);
  const answer = await send(call, sent);
  button.ariaBusy = 'false';
  showExchange(call, sent, answer);
  if (answer.ok) {
    if (form) for (const input of $$('input[type="password"], input[name="token"]', form)) input.value = '';
    return tell(outcome, 'good', [call.done(answer.body, sent), ' ', seeAnswer()].flat());
  }
  call.failed?.(answer.status);
  if (answer.status === 401 && call.bearer && session.access) session.state = 'Token refused: try Refresh';
  if (form) showProblems(form, answer.body?.errors ?? []);
  tell(outcome, 'bad', [failureText(answer), ' ', seeAnswer()]);
}

function fieldsOf(form) {
  const optional = new Set($$('input:not([required])', form).map((input) => input.name));
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => value || !optional.has(name)));
}

async function send({ method, path, bearer }, body) {
  const headers = { accept: 'application/json' };
  if (body) headers['content-type'] = 'application/json';
  if (bearer && session.access) headers.authorization = `Bearer ${session.access}`;
  const started = performance.now();
  const request = { authorization: headers.authorization };
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
    const text = await response.text();
    const notes = ['retry-after', 'www-authenticate'].map((name) => [name, response.headers.get(name)]);
    const { ok, status } = response;
    return { request, ok, status, body: parse(text), notes, milliseconds: performance.now() - started };
  } catch {
    return { request, ok: false, status: 0, body: null, notes: [], milliseconds: performance.now() - started };
  }
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return text.slice(0, 500);
  }
}

function failureText({ status, body, notes }) {
  if (status === 0) return 'No answer: is the back end running?';
  const seconds = Object.fromEntries(notes)['retry-after'];
  const wait = seconds ? ` Try again in ${seconds} s.` : '';
  return `${status} ${body?.code ?? ''}: ${body?.message ?? 'the answer had no message.'}${wait}`.replace(' :', ':');
}

function tell(outcome, tone, message) {
  outcome.dataset.tone = tone;
  outcome.replaceChildren(...[message].flat());
}

/** The way to the conversation on small screens, where it is far below. */
function seeAnswer() {
  return el('a', { class: 'jump', href: '#conversation' }, 'See the answer');
}

function clearProblems(form, outcome) {
  // Emptied first, so that a screen reader announces the same outcome again.
  outcome.replaceChildren();
  for (const problem of $$('.problem', form ?? outcome)) problem.remove();
  for (const input of form ? $$('input', form) : []) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
}

function showProblems(form, problems) {
  const shown = problems.flatMap(({ field, messages }) => {
    const input = form.elements.namedItem(field);
    if (!input) return [];
    const id = `${input.id}-problem`;
    input.after(el('p', { class: 'problem', id }, messages.join(' ')));
    input.setAttribute('aria-invalid', 'true');
    input.setAttribute('aria-describedby', id);
    return [input];
  });
  shown[0]?.focus();
}

function showExchange({ method, path }, sent, { request, ok, status, body, notes, milliseconds }) {
  const tone = ok ? 'good' : 'bad';
  const head = [
    el('code', {}, `${method} ${path}`),
    el('span', { class: 'code', 'data-tone': tone }, status ? String(status) : 'no answer'),
    el('time', {}, `${Math.round(milliseconds)} ms at ${new Date().toLocaleTimeString()}`),
  ];
  const noted = Object.fromEntries(notes.filter(([, value]) => value));
  const entry = el('details', { class: 'exchange', open: '' }, el('summary', {}, ...head));
  if (request.authorization) entry.append(...part('Sent with header', request));
  if (sent) entry.append(...part('Sent', sent));
  if (Object.keys(noted).length) entry.append(...part('Answered with header', noted));
  entry.append(...part('Answered', body));

  const entries = $('#entries');
  for (const older of entries.children) older.open = false;
  entries.prepend(entry);
  while (entries.children.length > KEPT_EXCHANGES) entries.lastChild.remove();
  showWhetherEmpty();
}

function part(title, value) {
  const content = value === null ? [el('span', { class: 'faint' }, 'no body')] : pretty(value);
  return [el('p', { class: 'side' }, title), el('pre', {}, ...content)];
}

function showWhetherEmpty() {
  const empty = $('#entries').children.length === 0;
  $('#empty').hidden = !empty;
  $('#clear').hidden = empty;
}

/** JSON as nodes: passwords masked, tokens shortened with a copy button, links clickable. */
function pretty(value, key = '', indent = '') {
  if (value !== null && typeof value === 'object') {
    const list = Array.isArray(value);
    const [open, close] = list ? '[]' : '{}';
    const members = Object.entries(value);
    const inner = `${indent}  `;
    const lines = members.flatMap(([name, member], index) => [
      inner,
      ...(list ? [] : [el('span', { class: 'key' }, JSON.stringify(name)), ': ']),
      ...pretty(member, name, inner),
      index < members.length - 1 ? ',\n' : '\n',
    ]);
    return members.length ? [`${open}\n`, ...lines, indent + close] : [open + close];
  }
  if (typeof value !== 'string') return [el('span', { class: 'faint' }, String(value))];
  if (key.endsWith('password')) return [el('span', { class: 'faint' }, '"••••••••"')];
  if (key.endsWith('_url')) return ['"', link(value), '"', copyButton(key, value)];
  if (key === 'authorization')
    return [`"${shorten(value)}"`, copyButton('access token', value.slice('Bearer '.length))];
  if (key.endsWith('token')) return [`"${shorten(value)}"`, copyButton(key, value)];
  return [JSON.stringify(value)];
}

/** Shortens every token in a text to its first and last characters. */
function shorten(text) {
  return text.replace(/[\w.-]{33,}/g, (token) => `${token.slice(0, 8)}…${token.slice(-6)}`);
}

/** A link to a web address, and plain text for anything else: a `javascript:` address must not become clickable. */
function link(address) {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return el('span', {}, shorten(address));
  const here = url.origin === location.origin && url.pathname === location.pathname;
  return el('a', { href: url.href, ...(!here && { target: '_blank', rel: 'noopener noreferrer' }) }, shorten(address));
}

function copyButton(name, text) {
  const button = el('button', { class: 'copy', type: 'button', 'aria-label': `Copy ${name}` }, 'copy');
  button.addEventListener('click', async () => {
    const copied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    button.textContent = copied ? 'copied' : 'not allowed';
    setTimeout(() => (button.textContent = 'copy'), 1500);
  });
  return button;
}

/**
 * Takes a token from `/#activate=TOKEN` or `/#reset=TOKEN`, and the fragment out of the address bar and the history.
 * It only fills the form in: a mail scanner that opens the link, even with scripts on, must not use it up.
 */
function takeLinkToken() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  for (const [step, focus] of [
    ['activate', 'button'],
    ['reset', '#reset-password'],
  ]) {
    const token = fragment.get(step);
    if (!token) continue;
    history.replaceState(null, '', location.pathname + location.search);
    const details = $(`details[data-step="${step}"]`);
    details.open = true;
    const form = $('form', details);
    clearProblems(form, $('.outcome', form));
    form.elements.namedItem('token').value = token;
    suggest(step);
    tell(
      $('.outcome', form),
      'info',
      `The token came with your link; nothing was sent yet. ${step === 'activate' ? 'Press Activate.' : 'Choose a new password.'}`,
    );
    $(focus, form).focus();
  }
}

async function showMode() {
  const response = await fetch('/sample/info').catch(() => null);
  if (!response?.ok) return;
  info = (await response.json().catch(() => null)) ?? {};
  const meaning = {
    A: 'links arrive by mail',
    B: 'mails stay on this machine',
    C: 'no mail is sent: links come with the answer',
    D: 'no mail is sent: signing up signs you in',
    E: 'links arrive by mail and open pages of the back end',
  }[info.mode];
  if (!meaning) return;
  const where = info.mail_catcher_url ? ['. Your mails are at ', link(info.mail_catcher_url)] : [];
  $('#banner').replaceChildren(
    el('strong', {}, `Mode ${info.mode} (${info.mode_name})`),
    `: ${meaning}`,
    ...where,
    '.',
  );
  $('#banner').hidden = false;
}

for (const form of $$('form')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run(form);
  });
}
for (const button of $$('button[data-call]')) button.addEventListener('click', () => void run(button));
$('#clear').addEventListener('click', () => {
  $('#entries').replaceChildren();
  showWhetherEmpty();
  $('#conversation').focus();
});
window.addEventListener('hashchange', takeLinkToken);
setInterval(showStatus, 1000);
suggest('signup');
showStatus();
takeLinkToken();
void showMode();
