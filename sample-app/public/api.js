/** The requests of the page and the session they open: everything here works without the page. */

/** Everything the page knows about its session. A module variable: a reload forgets it. */
export const session = { access: null, refresh: null, expiresAt: 0, account: null, state: 'None yet' };

/** What GET /sample/info told: the mode, and where its mails are. Empty where the back end does not say. */
export const info = {};

/** `bearer`: sends the access token, where there is one. `fromSession`: the body is the refresh token. */
export const routes = {
  signup: { method: 'POST', path: '/auth/signup' },
  activate: { method: 'POST', path: '/auth/activate' },
  resend: { method: 'POST', path: '/auth/activation/resend' },
  login: { method: 'POST', path: '/auth/login' },
  me: { method: 'GET', path: '/auth/me', bearer: true },
  refresh: { method: 'POST', path: '/auth/refresh', fromSession: true },
  logout: { method: 'POST', path: '/auth/logout', fromSession: true },
  logoutAll: { method: 'POST', path: '/auth/logout-all', bearer: true },
  forgot: { method: 'POST', path: '/auth/password-reset/request' },
  reset: { method: 'POST', path: '/auth/password-reset/confirm' },
  protected: { method: 'GET', path: '/demo/protected', bearer: true },
  verifiedOnly: { method: 'GET', path: '/demo/verified-only', bearer: true },
  optional: { method: 'GET', path: '/demo/optional', bearer: true },
};

/** Makes one request. Status 0 means that there was no answer. */
export async function send({ method, path, bearer }, body) {
  const headers = { accept: 'application/json' };
  if (body) headers['content-type'] = 'application/json';
  if (bearer && session.access) headers.authorization = `Bearer ${session.access}`;
  const started = performance.now();
  const request = { authorization: headers.authorization };
  try {
    const init = { method, headers, cache: 'no-store' };
    if (body) init.body = JSON.stringify(body);
    const response = await fetch(path, init);
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

export async function loadInfo() {
  const response = await fetch('/sample/info').catch(() => null);
  if (response?.ok) Object.assign(info, await response.json().catch(() => null));
}

/** Keeps the pair of tokens an answer brought, and nothing of the pair before it. */
export function openSession(pair, account) {
  const { access_token: access, refresh_token: refresh } = pair;
  const expiresAt = Date.now() + lifetimeSeconds(pair) * 1000;
  Object.assign(session, { access, refresh, expiresAt, account: account ?? pair.user_id ?? null, state: 'Open' });
}

export function endSession(state) {
  Object.assign(session, { access: null, refresh: null, expiresAt: 0, account: null, state });
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
