import type { AuthConfig } from './auth-config.js';
import { checkSigningKey } from './key-checks.js';
import { hasLevel } from './levels.js';
import { MODES } from './modes.js';
import { settingAt, SETTINGS, valueAt } from './settings.js';
import type { AuthConfigJwt } from './settings/token-settings.js';
import type { StartUpProblem } from './start-up-error.js';

/** What the checks look at: the configuration as it would be, and what is already known to be wrong in it. */
export interface ConfigUnderCheck {
  readonly config: AuthConfig;
  /** True with NODE_ENV=production. */
  readonly production: boolean;
  /** Paths whose own value was refused; the draft holds their defaults, about which nobody wants to hear. */
  readonly broken: ReadonlySet<string>;
}

type Problem = StartUpProblem | false;

/** A problem of the setting at `path`, with the name of its variable. */
export function problemAt(path: string, message: string, fix: string): StartUpProblem {
  const { env } = settingAt(path);
  return { path, ...(env && { env }), message, fix };
}

/** Everything wrong between the settings: what is missing, what contradicts, what is unsafe in production. */
export function checkConfig(draft: ConfigUnderCheck): readonly StartUpProblem[] {
  const { level } = draft.config;
  const found = [
    ...(level === 'none' ? checkVerification(draft) : checkIssuing(draft)),
    ...(hasLevel(level, 'basic') ? checkAccounts(draft) : []),
    ...(hasLevel(level, 'complete') ? [...checkDelivery(draft), ...checkDurations(draft), ...checkCookies(draft)] : []),
  ];
  return found.filter((problem) => problem !== false).filter((problem) => !draft.broken.has(problem.path));
}

/** Level none: tokens issued elsewhere are verified in one way, or nobody could say what is accepted. */
function checkVerification({ config, broken }: ConfigUnderCheck): Problem[] {
  const { secret, publicKeys = [], jwksUrl, algorithm }: Partial<AuthConfigJwt> = config.jwt;
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
function checkIssuing(draft: ConfigUnderCheck): Problem[] {
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
  ];
}

/** What signup and login need. */
function checkAccounts(draft: ConfigUnderCheck): Problem[] {
  return [
    ...checkHashing(draft),
    draft.config.password.minLength > draft.config.password.maxLength &&
      problemAt(
        'password.minLength',
        'is greater than password.maxLength, so no password would be accepted',
        'Lower it, or raise password.maxLength.',
      ),
  ];
}

/** How links reach their users. */
function checkDelivery(draft: ConfigUnderCheck): Problem[] {
  const { broken, config } = draft;
  // Without a known level and mode nobody can say which flags, links or mail server they need.
  const byMode =
    broken.has('level') || broken.has('mode')
      ? []
      : [...checkMode(draft), ...checkLinks(draft), ...checkMail(draft.config)];
  return [...byMode, ...checkSmtpLogin(config)];
}

/** What should be known about a valid configuration, as sentences for the log. */
export function configWarnings(config: AuthConfig, production: boolean): readonly string[] {
  const { cacheSeconds } = config.sessionCheck;
  const warnings = [
    production &&
      config.level === 'basic' &&
      'level basic proves no address: anybody can take one that is not theirs, and a token works until it expires.',
    production &&
      config.allowUnsafeMode &&
      'allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) is on in production: in modes C and D anybody can take an address that is not theirs.',
    cacheSeconds > 0 &&
      `sessionCheck.cacheSeconds (AUTH_SESSION_CHECK_CACHE_SECONDS) is above 0: revocation takes up to ${cacheSeconds} seconds.`,
  ];
  return warnings.filter((warning) => warning !== false);
}

function checkMode({ config, production, broken }: ConfigUnderCheck): Problem[] {
  const preset = MODES[config.mode];
  const unsafe = production && !config.allowUnsafeMode && !broken.has('allowUnsafeMode');
  const unsafeMode = preset.autoActivate || preset.returnLinkInResponse;
  const allow = 'Turn it off, or set allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) if nobody but you can reach this server.';
  return [
    unsafe &&
      unsafeMode &&
      problemAt(
        'mode',
        'is unsafe in production: modes C and D prove no address, so anybody can take one that is not theirs',
        'Use mode A or E, or set allowUnsafeMode (AUTH_ALLOW_UNSAFE_MODE) if nobody but you can reach this server.',
      ),
    unsafe &&
      !unsafeMode &&
      config.autoActivate &&
      problemAt(
        'autoActivate',
        'is unsafe in production: accounts become active with addresses nobody has proved',
        allow,
      ),
    unsafe &&
      !unsafeMode &&
      config.returnLinkInResponse &&
      problemAt(
        'returnLinkInResponse',
        'is unsafe in production: whoever asks to reset a password is handed the link, whosever account it is',
        allow,
      ),
    config.autoActivate &&
      config.returnLinkInResponse &&
      problemAt(
        'returnLinkInResponse',
        'contradicts autoActivate; an account that is active at once has no activation link to return',
        'Turn one of the two off.',
      ),
    !config.sendsMail &&
      !config.autoActivate &&
      !config.returnLinkInResponse &&
      problemAt(
        preset.autoActivate ? 'autoActivate' : 'returnLinkInResponse',
        `is off, and mode ${config.mode} sends no mail, so nothing would ever deliver the activation link`,
        'Choose a mode that sends mail (A, B or E), or leave the flag to the mode.',
      ),
  ];
}

function checkLinks({ config, production }: ConfigUnderCheck): Problem[] {
  const linksLeave = config.sendsMail || config.returnLinkInResponse;
  const missing = (path: string) =>
    problemAt(
      path,
      'is missing; in production nothing is assumed about where the front end is, and links would lead nowhere',
      'Set it to an https address of the front end with {token} in it.',
    );
  const expected = production && !config.backendLinks && linksLeave;
  return [
    config.backendLinks &&
      config.publicUrl === undefined &&
      problemAt(
        'publicUrl',
        'is missing; links lead to pages of this back end, and its address as users see it is never guessed from a Host header, which the client writes',
        'Set it to the origin of the back end, e.g. https://api.example.com.',
      ),
    ...SETTINGS.filter(({ kind }) => kind === 'link-template').map(
      ({ path }) => expected && valueAt(config, path) === undefined && missing(path),
    ),
  ];
}

function checkKeys({ config: { jwt }, broken }: ConfigUnderCheck): Problem {
  if (broken.has('jwt.algorithm') || broken.has('jwt.privateKey')) return false;
  const finding = checkSigningKey(jwt.algorithm, jwt.privateKey);
  return finding !== undefined && problemAt('jwt.privateKey', finding.message, finding.fix);
}

function checkDurations({ config, broken }: ConfigUnderCheck): Problem[] {
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

/** Equivalent least parameters of Argon2id with one lane: OWASP Password Storage Cheat Sheet. */
const LEAST_HASHING: readonly (readonly [memoryKib: number, timeCost: number])[] = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
];

function checkHashing({ config: { hashing }, production, broken }: ConfigUnderCheck): Problem[] {
  if (!production || broken.has('hashing.timeCost')) return [];
  const strong = LEAST_HASHING.some(([memory, time]) => hashing.memoryKib >= memory && hashing.timeCost >= time);
  return [
    !strong &&
      problemAt(
        'hashing.memoryKib',
        'is, with hashing.timeCost, below the least OWASP recommends for Argon2id; stolen hashes would be guessed too cheaply',
        'In production use 19456 KiB and 2 passes, or more.',
      ),
  ];
}

function checkCookies({ config, production, broken }: ConfigUnderCheck): Problem[] {
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

function checkMail({ sendsMail, smtp }: AuthConfig): Problem[] {
  const cause = 'is missing; this mode sends activation and reset links by mail';
  return [
    sendsMail &&
      smtp.host === undefined &&
      problemAt(
        'smtp.host',
        cause,
        'Set it to the host of an SMTP server; for local work a mail catcher on localhost will do.',
      ),
    sendsMail &&
      smtp.fromAddress === undefined &&
      problemAt('smtp.fromAddress', cause, 'Set it to the address mails come from, e.g. no-reply@example.com.'),
  ];
}

function checkSmtpLogin({ smtp }: AuthConfig): Problem[] {
  return [
    smtp.username !== undefined &&
      smtp.password === undefined &&
      problemAt(
        'smtp.password',
        'is missing while smtp.username is set; the server would refuse the login',
        'Set both or neither.',
      ),
    smtp.username === undefined &&
      smtp.password !== undefined &&
      problemAt(
        'smtp.username',
        'is missing while smtp.password is set; the password would never be used',
        'Set both or neither.',
      ),
  ];
}
