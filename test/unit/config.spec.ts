import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { RuntimeOptions, StructuralOptions } from '../../lib/module/options/auth-options.js';
import { describeConfig } from '../../lib/platform/config/describe-config.js';
import { examineConfig, resolveConfig, resolveFlags } from '../../lib/platform/config/resolve-config.js';
import type { Setting } from '../../lib/platform/config/setting.js';
import { CODE_ONLY_OPTIONS, describeDefault, SETTINGS, valueAt } from '../../lib/platform/config/settings.js';
import { AuthStartUpError, formatProblem } from '../../lib/platform/config/start-up-error.js';
import { PRODUCTION_ENV, SECRET, WRONG_VARIABLES } from '../support/wrong-variables.js';

/** The options that end in the configuration. */
type ConfigOptions = Omit<StructuralOptions, 'userEntity' | 'tokenEntity'> & RuntimeOptions;

/** The least a working mode A needs outside production. */
const BASE: ConfigOptions = {
  jwt: { secret: SECRET },
  smtp: { host: 'localhost', fromAddress: 'no-reply@example.com' },
};

const NO_MAIL = { jwt: { secret: SECRET } };

function envOf(variables: Record<string, string | undefined> = {}) {
  return (name: string) => variables[name];
}

/** Production, with a relay that is spoken to without TLS. */
function relay(host: string) {
  return { ...PRODUCTION_ENV, SMTP_HOST: host, SMTP_IGNORE_TLS: 'true' };
}

function resolve(options: ConfigOptions = BASE, variables = {}, production = false) {
  return resolveConfig(options, envOf(variables), production).config;
}

/** Options of the wrong shape, as plain JavaScript could pass them. */
function wrong(options: unknown): ConfigOptions {
  return options as ConfigOptions;
}

function problemsOf(options: unknown, variables = {}, production = false) {
  return examineConfig(wrong(options), envOf(variables), production).problems;
}

function pathsOf(options: unknown, variables = {}, production = false) {
  return problemsOf(options, variables, production).map((problem) => problem.path);
}

describe('precedence', () => {
  it('prefers code to environment, environment to mode, and mode to default', () => {
    const options: ConfigOptions = { ...BASE, mode: 'C', jwt: { secret: SECRET, accessTtlSeconds: 60 } };
    const config = resolve(options, {
      AUTH_MODE: 'A',
      JWT_ACCESS_TTL_SECONDS: '120',
      JWT_ISSUER: 'from-environment',
    });
    expect(config.mode).toBe('C');
    expect(config.jwt.accessTtlSeconds).toBe(60);
    expect(config.jwt.issuer).toBe('from-environment');
    expect(config.returnLinkInResponse).toBe(true);
    expect(config.jwt.audience).toBe('nestjs-gatehouse');
  });

  it('lets a flag by hand win over the mode, in code and in the environment', () => {
    expect(resolve({ ...BASE, mode: 'C', autoActivate: true, returnLinkInResponse: false }).autoActivate).toBe(true);
    expect(resolve(BASE, { AUTH_RETURN_TOKEN_IN_RESPONSE: 'yes' }).returnLinkInResponse).toBe(true);
    expect(resolve({ ...BASE, autoActivate: false }, { AUTH_AUTO_ACTIVATE: 'true' }).autoActivate).toBe(false);
  });

  it('does not look at a variable that code overrules', () => {
    expect(resolve({ ...BASE, uniformAnswerMs: 0 }, { AUTH_UNIFORM_ANSWER_MS: 'soon' }).uniformAnswerMs).toBe(0);
  });

  it('takes undefined in code and an empty variable as unset', () => {
    const config = resolve({ ...BASE, uniformAnswerMs: undefined, mail: undefined }, { AUTH_DEFAULT_LOCALE: '' });
    expect(config.uniformAnswerMs).toBe(250);
    expect(config.mail.defaultLocale).toBe('en');
  });

  it('gives every setting of the table its default where nothing is said', () => {
    const config = resolve();
    const dependent = ['mode', 'autoActivate', 'returnLinkInResponse', 'backendLinks', 'jwt.secret', 'smtp.host'];
    const plain = SETTINGS.filter(({ path }) => ![...dependent, 'smtp.fromAddress', 'smtp.requireTls'].includes(path));
    expect(plain.map(({ path }) => [path, valueAt(config, path)])).toEqual(
      plain.map((setting) => [setting.path, setting.default]),
    );
  });

  it('requires TLS of an SMTP server that gets a password in production, unless told otherwise', () => {
    const login = { ...BASE, smtp: { ...BASE.smtp, username: 'mailer', password: 'let-me-in' } };
    const https = {
      ...login,
      activation: { urlTemplate: 'https://app.example.com/#activate={token}' },
      passwordReset: { urlTemplate: 'https://app.example.com/#reset={token}' },
      emailChange: {
        urlTemplate: 'https://app.example.com/#confirm={token}',
        undoUrlTemplate: 'https://app.example.com/#undo={token}',
      },
    };
    expect(resolve(login).smtp.requireTls).toBe(false);
    expect(resolve(https, {}, true).smtp.requireTls).toBe(true);
    expect(resolve(https, { SMTP_REQUIRE_TLS: 'false' }, true).smtp.requireTls).toBe(false);
  });

  it('requires no TLS of a local relay that is spoken to without, and takes no other for local', () => {
    const login = { SMTP_USERNAME: 'mailer', SMTP_PASSWORD: 'let-me-in' };
    for (const host of ['localhost', '127.0.0.1', '::1', '10.1.2.3', '172.31.0.1', '192.168.1.1', 'fd00::1', 'relay']) {
      expect(resolve({}, { ...relay(host), ...login }, true).smtp).toMatchObject({
        ignoreTls: true,
        requireTls: false,
      });
    }
    for (const host of ['smtp.example.com', '172.32.0.1', '8.8.8.8', '2001:db8::1']) {
      expect(pathsOf({}, relay(host), true)).toEqual(['smtp.ignoreTls']);
    }
    for (const other of [{ SMTP_SECURE: 'true' }, { SMTP_REQUIRE_TLS: 'true' }]) {
      expect(pathsOf({}, { ...relay('localhost'), ...other })).toEqual(['smtp.ignoreTls']);
    }
  });

  it.each([
    ['465', 'false', 'Set SMTP_SECURE=true, or use port 587.'],
    ['587', 'true', 'Use port 465'],
    ['25', 'true', 'Use port 465'],
    ['465', 'true', ''],
    ['587', 'false', ''],
    ['25', 'false', ''],
    ['1025', 'false', ''],
  ])('warns of a port that is known for the other way to begin: %s with SMTP_SECURE=%s', (port, secure, advice) => {
    const variables = { ...PRODUCTION_ENV, SMTP_PORT: port, SMTP_SECURE: secure };
    const { warnings } = resolveConfig({}, envOf(variables), true);
    expect(warnings).toHaveLength(advice ? 1 : 0);
    expect(warnings.join('')).toContain(advice);
  });

  it.each(['true', 'TRUE', '1', 'yes', 'on'])('reads %s as true', (text) => {
    expect(resolve(BASE, { AUTH_PASSWORD_REQUIRE_COMPLEXITY: text }).password.requireComplexity).toBe(true);
  });

  it.each(['false', 'False', '0', 'no', 'off'])('reads %s as false', (text) => {
    expect(resolve(BASE, { AUTH_PASSWORD_BLOCK_COMMON: text }).password.blockCommon).toBe(false);
  });

  it('derives defaults that fit what was set', () => {
    expect(resolve(BASE, { SMTP_SECURE: 'true' }).smtp.port).toBe(465);
    expect(resolve(BASE, { JWT_ACCESS_TTL_SECONDS: '2' }).jwt.refreshGraceSeconds).toBe(1);
    expect(resolve(BASE, { AUTH_SESSION_MAX_SECONDS: '60' }).jwt.refreshTtlSeconds).toBe(60);
  });
});

describe('modes', () => {
  it.each([
    ['A', 'A'],
    ['b', 'B'],
    ['production', 'A'],
    ['LOCAL-SMTP', 'B'],
    ['Link-In-Response', 'C'],
    ['auto-activate', 'D'],
    ['e', 'E'],
  ])('reads AUTH_MODE=%s as mode %s', (text, letter) => {
    expect(resolveFlags({}, envOf({ AUTH_MODE: text })).mode).toBe(letter);
  });

  it('takes a letter or a name in code', () => {
    expect(resolveFlags({ mode: 'backend-pages' }, envOf())).toEqual({
      level: 'complete',
      mode: 'E',
      autoActivate: false,
      returnLinkInResponse: false,
      backendLinks: true,
      sendsMail: true,
    });
    expect(resolveFlags({ mode: 'D' }, envOf({ AUTH_MODE: 'A' })).autoActivate).toBe(true);
  });

  it('resolves the flags to mode A, without throwing, where the mode is unknown', () => {
    expect(resolveFlags({}, envOf({ AUTH_MODE: 'constructor' })).mode).toBe('A');
  });

  it('needs no mail server in modes C and D', () => {
    expect(resolve({ ...NO_MAIL, mode: 'C' }).sendsMail).toBe(false);
    expect(resolve({ ...NO_MAIL, mode: 'D' }).sendsMail).toBe(false);
  });

  it.each([
    ['C', 'mode'],
    ['D', 'mode'],
  ])('refuses mode %s in production unless allowUnsafeMode is true', (letter, path) => {
    const variables = { ...PRODUCTION_ENV, AUTH_MODE: letter };
    expect(pathsOf({}, variables, true)).toEqual([path]);
    const { config, warnings } = resolveConfig({ allowUnsafeMode: true }, envOf(variables), true);
    expect(config.mode).toBe(letter);
    expect(warnings.join()).toContain('allowUnsafeMode');
  });

  it.each(['autoActivate', 'returnLinkInResponse'])('refuses %s by hand in production', (flag) => {
    expect(pathsOf({ [flag]: true }, PRODUCTION_ENV, true)).toEqual([flag]);
    expect(pathsOf({ [flag]: true, allowUnsafeMode: true }, PRODUCTION_ENV, true)).toEqual([]);
  });

  it('knows links of the front end outside production only, and none in mode E', () => {
    expect(resolve().activation.urlTemplate).toBe('http://localhost:5173/activate?token={token}');
    expect(resolve().passwordReset.urlTemplate).toBe('http://localhost:5173/reset-password?token={token}');
    expect(resolve().emailChange).toMatchObject({
      urlTemplate: 'http://localhost:5173/confirm-email?token={token}',
      undoUrlTemplate: 'http://localhost:5173/undo-email-change?token={token}',
    });
    const pages: ConfigOptions = { ...BASE, mode: 'E', publicUrl: 'https://API.example.com/' };
    expect(resolve(pages).activation.urlTemplate).toBeUndefined();
    expect(resolve(pages).emailChange.undoUrlTemplate).toBeUndefined();
    expect(resolve(pages).publicUrl).toBe('https://api.example.com');
    const own = { urlTemplate: 'https://app.example.com/{token}' };
    expect(resolve({ ...pages, activation: own }).activation.urlTemplate).toBe(own.urlTemplate);
  });

  it('allows links in the response that lead to pages of the back end', () => {
    const options: ConfigOptions = { ...NO_MAIL, mode: 'C', backendLinks: true };
    expect(pathsOf(options)).toEqual(['publicUrl']);
    expect(pathsOf({ ...options, publicUrl: 'http://localhost:3000' })).toEqual([]);
  });
});

describe('what resolveConfig gives and leaves alone', () => {
  it('is frozen in every depth', () => {
    const config = resolve({ ...BASE, mail: { userFields: ['nickname'] } });
    expect(Object.isFrozen(config)).toBe(true);
    const groups = Object.values(config).filter((value) => typeof value === 'object');
    expect(groups.length).toBeGreaterThan(8);
    expect(groups.every((group) => Object.isFrozen(group))).toBe(true);
    expect(Object.isFrozen(config.mail.userFields)).toBe(true);
  });

  it('neither changes nor freezes what was passed', () => {
    const options: ConfigOptions = { ...structuredClone(BASE), mail: { userFields: ['nickname'] } };
    const before = structuredClone(options);
    resolve(options);
    expect(options).toEqual(before);
    expect([options, options.jwt, options.mail, options.mail?.userFields].some((part) => Object.isFrozen(part))).toBe(
      false,
    );
  });

  it('accepts a complete production configuration without a warning', () => {
    const { config, warnings } = resolveConfig({}, envOf(PRODUCTION_ENV), true);
    expect(config.activation.urlTemplate).toBe(PRODUCTION_ENV.AUTH_ACTIVATION_URL_TEMPLATE);
    expect(warnings).toEqual([]);
  });

  it('passes over entities and module wiring', () => {
    class User {}
    expect(pathsOf({ ...BASE, userEntity: User, tokenEntity: User, isGlobal: false, dataSource: 'accounts' })).toEqual(
      [],
    );
  });

  it('warns that a session cache delays revocation', () => {
    const { warnings } = resolveConfig({ ...BASE, sessionCheck: { cacheSeconds: 30 } }, envOf(), false);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('revocation takes up to 30 seconds');
  });

  it('accepts a made-up secret for tests', () => {
    expect(pathsOf({ ...BASE, jwt: { secret: 'test-secret-of-at-least-32-characters' } })).toEqual([]);
  });

  it('accepts HS512 with a secret of 32 bytes', () => {
    expect(pathsOf({ ...BASE, jwt: { secret: SECRET.slice(0, 32), algorithm: 'HS512' } })).toEqual([]);
  });
});

describe('problems', () => {
  it('come all together, numbered, each from the path to the fix', () => {
    const variables = { AUTH_MODE: 'Z', SMTP_PORT: '7x', AUTH_PUBLIC_URL: 'ftp://files' };
    const attempt = () => resolveConfig(wrong({ jwt: { secert: SECRET } }), envOf(variables), false);
    expect(attempt).toThrow(AuthStartUpError);
    const paths = pathsOf({ jwt: { secert: SECRET } }, variables);
    expect(paths).toEqual(['jwt.secert', 'mode', 'publicUrl', 'smtp.port', 'jwt.secret']);
    expect(attempt).toThrow(
      /: 5 problems\.\n1\. jwt\.secert: .*\n2\. mode \(AUTH_MODE\): .*\n3\. .*\n4\. .*\n5\. [^\n]*$/,
    );
  });

  it('read like this', () => {
    const lines = problemsOf({ ...BASE, jwt: {} }).map(formatProblem);
    expect(lines).toEqual([
      'jwt.secret (JWT_SECRET): is missing; every token of the application is signed with keys derived from it. ' +
        'Set it to at least 32 random bytes, e.g. the output of: openssl rand -base64 48',
    ]);
  });

  it('stay on one line, whatever an unknown option is called', () => {
    const lines = problemsOf({ ...BASE, 'a\nb\u2028c': 1 }).map(formatProblem);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\n\u2028]/);
  });

  it.each([
    ['jwt.secrett', { jwt: { secret: SECRET, secrett: 1 } }, 'jwt.secret'],
    ['jwtSecret', { jwtSecret: 1 }, 'jwt.secret'],
    ['accessTtlSeconds', { accessTtlSeconds: 1 }, 'jwt.accessTtlSeconds'],
    ['passwordreset', { passwordreset: {} }, 'passwordReset'],
    ['userEntitty', { userEntitty: 1 }, 'userEntity'],
    ['password.minLenght', { password: { minLenght: 1 } }, 'password.minLength'],
  ])('name the option %s is closest to', (path, options, nearest) => {
    const [problem] = problemsOf({ ...BASE, ...options });
    expect(problem?.path).toBe(path);
    expect(problem?.fix).toContain(`Write ${nearest},`);
  });

  it('suggest nothing for an option that resembles none', () => {
    expect(problemsOf({ ...BASE, colour: 'red' })[0]?.fix).not.toContain('Write');
  });
});

describe('a wrong variable', () => {
  const values = WRONG_VARIABLES.filter(([variable, , path]) => variable !== path);

  it.each(values)('%s=%j is reported as %s %s', (variable, value, path, production) => {
    const problems = problemsOf({}, { ...PRODUCTION_ENV, [variable]: value }, production === 'production');
    expect(new Set(problems.map((problem) => problem.path))).toEqual(new Set([path]));
    const text = problems.map(formatProblem).join('\n');
    expect(text).toMatch(new RegExp(`^${path} \\([A-Z_]+\\): `));
    // Short values are ordinary words and digits of the advice.
    expect(value.length > 4 && text.includes(value)).toBe(false);
  });
});

/** A wrong value in code, and the option the problem must name. */
const WRONG_OPTIONS: [path: string, options: unknown][] = [
  ['mode', { mode: 'a' }],
  ['mode', { mode: 7 }],
  ['mode', { mode: '__proto__' }],
  ['backendLinks', { backendLinks: 'false' }],
  ['backendLinks', { backendLinks: null }],
  ['publicUrl', { mode: 'E' }],
  ['publicUrl', { publicUrl: new URL('https://api.example.com') }],
  ['loginUrl', { loginUrl: '' }],
  ['password.minLength', { password: { minLength: '12' } }],
  ['password.blockCommon', { password: { blockCommon: 1 } }],
  ['activation.ttlSeconds', { activation: { ttlSeconds: '7d' } }],
  ['activation.ttlSeconds', { activation: { ttlSeconds: Number.NaN } }],
  ['jwt.secret', { jwt: { secret: '' } }],
  ['jwt.secret', { jwt: { secret: 1234567890123456 } }],
  ['jwt.accessTtlSeconds', { jwt: { secret: SECRET, accessTtlSeconds: Infinity } }],
  ['jwt.refreshGraceSeconds', { jwt: { secret: SECRET, accessTtlSeconds: 60, refreshGraceSeconds: 60 } }],
  ['jwt.refreshGraceSeconds', { jwt: { secret: SECRET, refreshTtlSeconds: 20, refreshGraceSeconds: 20 } }],
  ['jwt.refreshGraceSeconds', { jwt: { secret: SECRET, refreshGraceSeconds: -1 } }],
  ['jwt.refreshTtlSeconds', { session: { maxSeconds: 60 }, jwt: { secret: SECRET, refreshTtlSeconds: 61 } }],
  ['smtp', { smtp: 'smtp://localhost' }],
  ['jwt.algorithm', { jwt: { secret: SECRET, algorithm: 'hs256' } }],
  ['hashing.timeCost', { hashing: { timeCost: 2.5 } }],
  ['mail.userFields', { mail: { userFields: 'name' } }],
  ['mail.userFields', { mail: { userFields: ['name', ''] } }],
  ['mail.userFields', { mail: { userFields: ['name', 3] } }],
  ['mail.userFields', { mail: { userFields: ['passwordHash'] } }],
  ['mail.userFields', { mail: { userFields: ['password_hash'] } }],
  ['trustedOrigins', { trustedOrigins: 'https://app.example.com' }],
  ['trustedOrigins', { trustedOrigins: ['*'] }],
  ['trustedOrigins', { tokenDelivery: 'cookie', cookie: { sameSite: 'none' } }],
  [
    'cookie.secure',
    { tokenDelivery: 'both', cookie: { sameSite: 'none', secure: false }, trustedOrigins: ['https://a.example'] },
  ],
  ['autoActivate', { mode: 'D', autoActivate: false }],
  ['returnLinkInResponse', { mode: 'C', returnLinkInResponse: false }],
  ['returnLinkInResponse', { mode: 'C', autoActivate: true }],
];

describe('a wrong option in code', () => {
  it.each(WRONG_OPTIONS)('%s is reported for %j', (path, options) => {
    const variables = { SMTP_HOST: 'localhost', SMTP_FROM_ADDR: 'no-reply@example.com' };
    const secret = typeof options === 'object' && options !== null && 'jwt' in options ? {} : { JWT_SECRET: SECRET };
    const problems = problemsOf(options, { ...variables, ...secret });
    expect(new Set(problems.map((problem) => problem.path))).toEqual(new Set([path]));
    expect(problems.map(formatProblem).join('\n')).not.toContain('1234567890123456');
  });
});

describe('cookies', () => {
  it('are Secure in production, whatever is said', () => {
    const cookie = { secure: false };
    expect(pathsOf({ tokenDelivery: 'cookie', cookie }, PRODUCTION_ENV, true)).toEqual(['cookie.secure']);
    expect(pathsOf({ tokenDelivery: 'bearer', cookie }, PRODUCTION_ENV, true)).toEqual([]);
    expect(pathsOf({ ...BASE, tokenDelivery: 'cookie', cookie })).toEqual([]);
  });

  it('know trusted origins in the form in which browsers send them', () => {
    const variables = { AUTH_TRUSTED_ORIGINS: 'https://APP.example.com/, https://b.example:443 http://localhost:5173' };
    const origins = ['https://app.example.com', 'https://b.example', 'http://localhost:5173'];
    expect(resolve(BASE, variables).trustedOrigins).toEqual(origins);
    expect(resolve(BASE).trustedOrigins).toEqual([]);
  });
});

describe('hashing in production', () => {
  it.each([
    [47_104, 1],
    [19_456, 2],
    [12_288, 3],
    [9_216, 4],
    [7_168, 5],
    [65_536, 3],
  ])('takes %i KiB with %i passes', (memoryKib, timeCost) => {
    expect(pathsOf({ hashing: { memoryKib, timeCost } }, PRODUCTION_ENV, true)).toEqual([]);
  });

  it.each([
    [47_103, 1],
    [19_455, 2],
    [12_287, 3],
    [9_215, 4],
    [7_167, 5],
  ])('refuses %i KiB with %i passes', (memoryKib, timeCost) => {
    expect(pathsOf({ hashing: { memoryKib, timeCost } }, PRODUCTION_ENV, true)).toEqual(['hashing.memoryKib']);
  });

  it('is as cheap as a test wants it outside production', () => {
    expect(pathsOf({ ...BASE, hashing: { memoryKib: 8, timeCost: 1 } })).toEqual([]);
  });
});

describe('describeConfig', () => {
  const options: ConfigOptions = {
    ...BASE,
    smtp: { ...BASE.smtp, username: 'mail-user', password: 'mail-password', fromName: 'Shop \u202e\u2028 "East"' },
  };

  it('shows the effective configuration', () => {
    const line = describeConfig(resolve(options));
    expect(line).toMatch(/^level=complete mode=A \(production\) sendsMail=true autoActivate=false /);
    expect(line).toContain(' jwt.accessTtlSeconds=900 ');
    expect(line).toContain(' publicUrl=(none) ');
    for (const { path } of SETTINGS) expect(line).toContain(`${path}=`);
  });

  it('redacts secrets', () => {
    const line = describeConfig(resolve(options));
    expect(line).toContain('jwt.secret=[redacted] ');
    expect(line).not.toContain(SECRET);
    expect(line).not.toContain('mail-user');
    expect(line).not.toContain('mail-password');
  });

  it('is one line, whatever the values contain', () => {
    const config = resolve(options);
    const hostile = { ...config, smtp: { ...config.smtp, fromName: 'a\r\nb\u0085c\u2028d\u001b[2J' } };
    expect(describeConfig(config)).not.toMatch(/[\u202e\u2028]/);
    expect(describeConfig(hostile)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  const assignments = new Map(
    [...text.matchAll(/^(?:# )?([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  );

  it('has every variable once', () => {
    expect([...assignments.keys()]).toEqual(SETTINGS.flatMap(({ env }) => env ?? []));
  });

  it('is refused as it stands', () => {
    const variables = { ...PRODUCTION_ENV, JWT_SECRET: assignments.get('JWT_SECRET') };
    expect(variables.JWT_SECRET).not.toBe('');
    expect(problemsOf({}, variables).map(formatProblem).join()).toContain('is a placeholder');
  });
});

describe('the table of settings and the documentation of the options', () => {
  it('say the same', () => {
    const documented = documentedOptions().filter(({ path }) => !CODE_ONLY_OPTIONS.some((name) => name === path));
    const documentation = documented.map(({ path, comment }) => `${path}: ${comment}`).toSorted();
    expect(documentation).toEqual(SETTINGS.map((setting) => `${setting.path}: ${commentOf(setting)}`).toSorted());
  });
});

function commentOf(setting: Setting): string {
  return `${setting.doc}${setting.env ? ` \`${setting.env}\`.` : ''} @default ${describeDefault(setting)}`;
}

/** Every option of the module and of the groups beside the settings, with its JSDoc, from the sources themselves. */
function documentedOptions(): { path: string; comment: string }[] {
  const folders = ['module/options', 'platform/config', 'platform/config/settings'].map(
    (folder) => new URL(`../../lib/${folder}/`, import.meta.url),
  );
  const interfaces = new Map(
    folders
      .flatMap((folder) => sourcesIn(folder))
      .flatMap((text) => Array.from(ts.createSourceFile('options.ts', text, ts.ScriptTarget.Latest, true).statements))
      .filter(ts.isInterfaceDeclaration)
      .map((node) => [node.name.text, node]),
  );
  const optionsOf = (name: string, prefix = ''): { path: string; comment: string }[] =>
    [...(interfaces.get(name)?.members ?? [])].filter(ts.isPropertySignature).flatMap((member) => {
      const path = prefix + member.name.getText();
      const type = member.type?.getText() ?? '';
      const group = /^Partial<(\w+)>$/.exec(type)?.[1] ?? (name === 'OptionGroups' ? type : undefined);
      if (group) return optionsOf(group, `${path}.`);
      const comment = ts.getJSDocCommentsAndTags(member)[0]?.getText() ?? '';
      return [{ path, comment: comment.replace(/^\/\*\*\s*|\s*\*\/$/g, '') }];
    });
  return ['StructuralOptions', 'RuntimeOptions', 'OptionGroups'].flatMap((name) => optionsOf(name));
}

function sourcesIn(folder: URL): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  return names.map((name) => readFileSync(new URL(name, folder), 'utf8'));
}
