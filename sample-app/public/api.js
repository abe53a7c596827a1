/** The requests of the page and the session they open: everything here works without the page. */

/**
 * Everything the page knows about its session. A module variable: a reload forgets it. With cookie delivery the browser
 * holds both tokens, and the page knows only that a session is open.
 */
export const session = { open: false, access: null, refresh: null, expiresAt: 0, account: null, state: 'None yet' };

/** What GET /sample/info told: the mode, where the routes are, and where the mails. */
export const info = { routes: {}, prefix: '' };

/** Routes of the application itself; those of the module have the names of docs/routes.md, and are told by `info`. */
const DEMO_PATHS = {
  protected: '/demo/protected',
  verifiedOnly: '/demo/verified-only',
  optional: '/demo/optional',
  role: '/demo/role',
};

/** What strangers call. Everything else carries the access token, where the page has one. */
const FOR_STRANGERS = new Set([
  'signup',
  'activate',
  'resendActivation',
  'login',
  'requestPasswordReset',
  'confirmPasswordReset',
  'confirmEmailChange',
  'undoEmailChange',
]);

/** What carries the refresh token instead, where the page has one. */
const WITH_REFRESH_TOKEN = new Set(['refresh', 'logout']);

/** Where a call goes, and which token it carries; undefined where the back end does not serve it. */
export function routeOf(call, id = '') {
  const demo = DEMO_PATHS[call] && { method: 'GET', path: info.prefix + DEMO_PATHS[call] };
  const route = demo ?? info.routes[call];
  if (!route) return undefined;
  const withRefreshToken = WITH_REFRESH_TOKEN.has(call);
  return {
    method: route.method,
    path: route.path.replace(':id', encodeURIComponent(id)),
    withRefreshToken,
    withAccessToken: !withRefreshToken && !FOR_STRANGERS.has(call),
  };
}

/** Makes one request. Status 0 means that there was no answer. */
export async function send({ method, path, withAccessToken }, body) {
  const headers = { accept: 'application/json' };
  if (body) headers['content-type'] = 'application/json';
  if (withAccessToken && session.access) headers.authorization = `Bearer ${session.access}`;
  const started = performance.now();
  const request = { authorization: headers.authorization };
  try {
    const init = { method, headers, cache: 'no-store' };
    if (body) init.body = JSON.stringify(body);
    const response = await fetch(path, init);
    const text = await response.text();
    const notes = ['retry-after', 'ratelimit-policy', 'www-authenticate'].map((name) => [
      name,
      response.headers.get(name),
    ]);
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

/** Asks the back end what it is like, and takes up the session whose cookies the browser still has. */
export async function loadInfo() {
  const response = await fetch('/sample/info').catch(() => null);
  if (response?.ok) Object.assign(info, await response.json().catch(() => null));
  // The one cookie a script can read lives exactly as long as the two it cannot.
  if (document.cookie.includes('gatehouse-csrf=')) Object.assign(session, { open: true, state: 'Open' });
}

/** Keeps what an answer says about a new session, and nothing of the one before it. */
export function openSession(pair, account) {
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = pair;
  const expiresAt = Date.now() + seconds * 1000;
  account ??= pair.user_id ?? null;
  Object.assign(session, { open: true, access, refresh, expiresAt, account, state: 'Open' });
}

export function endSession(state) {
  Object.assign(session, { open: false, access: null, refresh: null, expiresAt: 0, account: null, state });
}
