import { type ConfigUnderCheck, type Problem, problemAt } from './config-problem.js';
import { checkSigningKey } from './key-checks.js';
import type { JwtOptions } from './settings/token-settings.js';

/** Level none: tokens issued elsewhere are verified in one way, or nobody could say what is accepted. */
export function checkVerification({ config, broken }: ConfigUnderCheck): Problem[] {
  const { secret, publicKeys = [], jwksUrl, algorithm }: Partial<JwtOptions> = config.jwt;
  const ways = [
    { path: 'jwt.jwksUrl', isGiven: jwksUrl !== undefined },
    { path: 'jwt.publicKeys', isGiven: publicKeys.length > 0 },
    { path: 'jwt.secret', isGiven: secret !== undefined },
  ];
  const [first, second] = ways.filter(({ isGiven }) => isGiven);
  return [
    !first &&
      !ways.some(({ path }) => broken.has(path)) &&
      problemAt(
        'jwt.jwksUrl',
        'is missing, and so are jwt.publicKeys and jwt.secret; level none has nothing to verify tokens with',
        'Set it to the JWKS of the issuer, or set jwt.publicKeys (JWT_PUBLIC_KEYS) or jwt.secret (JWT_SECRET).',
      ),
    first &&
      second &&
      problemAt(
        first.path,
        `is set together with ${second.path}; whoever knows the weaker of two keys is anybody`,
        'Keep the one the issuer signs with.',
      ),
    secret !== undefined &&
      (algorithm === 'RS256' || algorithm === 'ES256') &&
      problemAt(
        'jwt.algorithm',
        'is signed with a private key, and no secret can verify that',
        'Set jwt.jwksUrl (JWT_JWKS_URL) or jwt.publicKeys in place of the secret, or name the HMAC of the issuer.',
      ),
  ].map((problem) => problem ?? false);
}

/** Levels basic and complete sign their own tokens. */
export function checkIssuing(draft: ConfigUnderCheck): Problem[] {
  const { level, jwt } = draft.config;
  return [
    checkKeys(draft),
    jwt.secret === undefined &&
      problemAt(
        'jwt.secret',
        'is missing; every token of the application is signed with keys derived from it',
        'Set it to at least 32 random bytes, e.g. the output of: openssl rand -base64 48',
      ),
    jwt.jwksUrl !== undefined &&
      problemAt(
        'jwt.jwksUrl',
        `is set, but level ${level} accepts no tokens but its own`,
        'Remove it, or use level none (AUTH_LEVEL).',
      ),
    jwt.acceptedTypes.length > 0 &&
      problemAt(
        'jwt.acceptedTypes',
        `is set, but level ${level} accepts no tokens but its own`,
        'Remove it, or use level none (AUTH_LEVEL).',
      ),
  ];
}

/** Lives of tokens and sessions that contradict each other. */
export function checkDurations({ config, broken }: ConfigUnderCheck): Problem[] {
  const { accessTtlSeconds, refreshTtlSeconds, refreshGraceSeconds } = config.jwt;
  const grace = refreshGraceSeconds > 0 && !broken.has('jwt.accessTtlSeconds') && !broken.has('jwt.refreshTtlSeconds');
  return [
    grace &&
      refreshGraceSeconds >= accessTtlSeconds &&
      problemAt(
        'jwt.refreshGraceSeconds',
        'is not below jwt.accessTtlSeconds; a stolen refresh token would stay useful for longer than an access token',
        'Lower it; a few seconds cover a lost answer and a second tab.',
      ),
    grace &&
      refreshGraceSeconds >= refreshTtlSeconds &&
      problemAt(
        'jwt.refreshGraceSeconds',
        'is not below jwt.refreshTtlSeconds, so a rotated token would never be refused',
        'Lower it; a few seconds cover a lost answer and a second tab.',
      ),
    !broken.has('session.maxSeconds') &&
      refreshTtlSeconds > config.session.maxSeconds &&
      problemAt(
        'jwt.refreshTtlSeconds',
        'is greater than session.maxSeconds, which ends the session before; one of the two is not what was meant',
        'Lower it, or raise session.maxSeconds (AUTH_SESSION_MAX_SECONDS).',
      ),
  ];
}

/** Cookies that a browser would drop, or that another site could use. */
export function checkCookies({ config, production, broken }: ConfigUnderCheck): Problem[] {
  const { tokenDelivery, cookie, trustedOrigins } = config;
  if (tokenDelivery === 'bearer') return [];
  const crossSite = cookie.sameSite === 'none';
  return [
    !cookie.secure &&
      production &&
      problemAt(
        'cookie.secure',
        'is false in production; whoever reads one request over http takes the session over',
        'Remove it, and serve the application over https.',
      ),
    !cookie.secure &&
      crossSite &&
      problemAt(
        'cookie.secure',
        'is false while cookie.sameSite is none, and browsers drop such cookies',
        'Leave cookie.secure on, or set cookie.sameSite (AUTH_COOKIE_SAME_SITE) to lax.',
      ),
    crossSite &&
      trustedOrigins.length === 0 &&
      !broken.has('trustedOrigins') &&
      problemAt(
        'trustedOrigins',
        'is empty while cookie.sameSite is none: every site could send the cookies, and none could act with them',
        'List the origin of the front end, or set cookie.sameSite (AUTH_COOKIE_SAME_SITE) to lax.',
      ),
  ];
}

function checkKeys({ config: { jwt }, broken }: ConfigUnderCheck): Problem {
  if (broken.has('jwt.algorithm') || broken.has('jwt.privateKey')) return false;
  const finding = checkSigningKey(jwt.algorithm, jwt.privateKey);
  return finding !== undefined && problemAt('jwt.privateKey', finding.message, finding.fix);
}
