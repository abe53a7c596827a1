import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../lib/platform/config/start-up-error.js';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { type EndpointKey, ENDPOINTS } from '../../lib/module/flows.js';
import { pathProblems, pathsOf } from '../../lib/platform/http/endpoint-paths.js';

const ALL = Object.entries(ENDPOINTS) as [EndpointKey, Endpoint][];

/** Paths as plain JavaScript could pass them. */
function problemsOf(paths: object, preset: 'default' | 'forge' = 'default') {
  return pathProblems(ENDPOINTS, { preset, paths: paths as Record<string, string> });
}

const params = (path: string | false) => String(path).match(/:\w+/g);

describe('the paths of the endpoints', () => {
  it('is the reference where nothing else is said', () => {
    expect(pathsOf(ENDPOINTS, {})).toEqual(Object.fromEntries(ALL.map(([key, { path }]) => [key, path])));
  });

  it('has the names of the preset forge', () => {
    expect(pathsOf(ENDPOINTS, { preset: 'forge' })).toMatchObject({
      signup: 'auth/register',
      activate: 'auth/verify-email',
      resendActivation: 'auth/resend-verification',
      login: 'auth/login',
      refresh: 'auth/refresh',
      logout: 'auth/logout',
      logoutAll: 'auth/logout-all',
      requestPasswordReset: 'auth/forgot-password',
      confirmPasswordReset: 'auth/reset-password',
      me: 'users/me',
    });
  });

  it('lays what the application says over the preset', () => {
    const paths = pathsOf(ENDPOINTS, { preset: 'forge', paths: { me: 'account', logoutAll: false } });
    expect(paths).toMatchObject({ me: 'account', logoutAll: false, signup: 'auth/register' });
  });

  it.each(['default', 'forge'] as const)('leaves every endpoint of %s apart from every other', (preset) => {
    const paths = pathsOf(ENDPOINTS, { preset });
    const routes = ALL.map(([key, { method }]) => `${method} ${String(paths[key])}`);
    expect(new Set(routes).size).toBe(ALL.length);
    expect(pathProblems(ENDPOINTS, { preset })).toEqual([]);
  });

  it('keeps the parameters of every path in every preset', () => {
    const paths = pathsOf(ENDPOINTS, { preset: 'forge' });
    for (const [key, { path }] of ALL) expect([key, params(paths[key])]).toEqual([key, params(path)]);
  });

  it('falls back to the preset where a path cannot be used', () => {
    expect(pathsOf(ENDPOINTS, { paths: { login: '/auth/login/' } }).login).toBe('auth/login');
  });
});

describe('a wrong path', () => {
  it.each([
    ['/auth/sign-in', 'slash'],
    ['auth/sign-in/', 'slash'],
    ['', 'leaves as it is'],
    ['auth//sign-in', 'leaves as it is'],
    ['auth/../sign-in', 'leaves as it is'],
    ['auth/sign in', 'leaves as it is'],
    ['auth/sign-in?x=1', 'leaves as it is'],
    ['auth/{sign-in}', 'leaves as it is'],
    ['auth/*rest', 'leaves as it is'],
    ['auth/ánmeldung', 'leaves as it is'],
    ['auth/%61', 'leaves as it is'],
    ['auth/:user', 'has a parameter'],
    [42, 'neither a path nor false'],
    [true, 'neither a path nor false'],
    [null, 'neither a path nor false'],
  ])('%j is refused', (path, reason) => {
    const problems = problemsOf({ login: path });
    expect(problems.map((problem) => problem.path)).toEqual(['routes.paths.login']);
    expect(problems[0]!.message).toContain(reason);
  });

  it.each(['auth/verify', 'auth/verify/:code', 'auth/:token/:token', 'auth/:tenant/:token'])(
    '%s is refused for an endpoint that needs the token',
    (path) => {
      expect(problemsOf({ activateByPath: path })[0]!.message).toContain(':token');
    },
  );

  it('names the endpoint a mistyped one is closest to', () => {
    expect(problemsOf({ logIn: 'auth/sign-in' }).map(formatProblem)).toEqual([
      expect.stringMatching(/^routes\.paths\.logIn: is not an endpoint.* Write login,/),
    ]);
  });

  it('is no way to the prototype of the table', () => {
    expect(problemsOf(JSON.parse('{"__proto__":"auth/x"}') as object)).toHaveLength(1);
    expect(problemsOf({ constructor: 'auth/x' })).toHaveLength(1);
  });
});

describe('two endpoints at one path', () => {
  it.each([
    [{ login: 'auth/signup' }, 'signup'],
    [{ login: 'AUTH/Signup' }, 'signup'],
    [{ login: 'auth/activate/me' }, 'activateByPath'],
    [{ passwordResetPage: 'auth/activate/:token' }, 'activationPage'],
  ])('are refused: %j', (paths, other) => {
    const problems = problemsOf(paths);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toContain(`takes the same requests as ${other},`);
  });

  it.each([
    ['with different methods', { login: 'auth/me' }],
    ['where one of them is switched off', { login: 'auth/signup', signup: false }],
    ['where they change places', { login: 'auth/signup', signup: 'auth/login' }],
  ])('are fine %s', (_case, paths) => {
    expect(problemsOf(paths)).toEqual([]);
  });
});
