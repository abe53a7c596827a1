/**
 * Writes the files that are generated from the built package: `node scripts/generate-docs.mjs` after a build.
 * With `--check` it writes nothing, and exits 1 naming the files that are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { AUTH_ERRORS } from '../.build/lib/platform/common/auth.errors.js';
import { hasLevel, LEVELS } from '../.build/lib/platform/config/levels.js';
import { MODES } from '../.build/lib/platform/config/modes.js';
import { describeDefault, SETTING_GROUPS } from '../.build/lib/platform/config/settings.js';
import { ENDPOINTS } from '../.build/lib/module/flows.js';

/** The generated files; another reference is one more entry. */
const GENERATORS = [
  { file: '.env.example', text: envExample },
  { file: 'docs/configuration.md', text: configurationPage },
  { file: 'docs/routes.md', text: routesPage },
  { file: 'docs/errors.md', text: errorsPage },
];

const ROOT = new URL('../', import.meta.url);

/** Every endpoint with its name. */
const ENTRIES = Object.entries(ENDPOINTS);

function envExample() {
  return [
    '# Every variable of nestjs-gatehouse, with its default. An option in code wins over its variable;',
    '# an empty variable counts as unset. Remove the "# " in front of what you change.',
    ...SETTING_GROUPS.flatMap(({ title, settings }) => ['', `## ${title}`].concat(settings.flatMap(envEntry))),
    '',
  ].join('\n');
}

function envEntry(setting) {
  if (!setting.env) return [];
  const facts = [setting.unit && `Unit: ${setting.unit}.`, `Default: ${describeDefault(setting)}.`].filter(Boolean);
  const value = setting.default ?? '';
  const assignment = setting.placeholder ? `${setting.env}=${setting.placeholder}` : `# ${setting.env}=${value}`;
  return ['', `# ${setting.doc.replaceAll('`', '')}`, `# ${facts.join(' ')}`, assignment];
}

function configurationPage() {
  return markdown([
    '# Configuration',
    '',
    'Every option can be set in code, and nearly every one by an environment variable as well. Precedence: option in',
    'code, then environment variable, then the preset of the mode, then the default. An empty variable counts as unset.',
    'The result is resolved once at start, frozen, and printed as one log line with its secrets redacted.',
    '',
    'Every problem is reported at once, each line starting with the option and ending with the fix. Unknown options are',
    'problems too. Switches take `true`, `false`, `1`, `0`, `yes`, `no`, `on` and `off` in the environment; numbers are',
    'plain decimals.',
    '',
    'A variable that begins with `AUTH_`, `JWT_` or `SMTP_` and is a letter or two from one of this page stops the start, unless',
    'that one is set as well: `AUTH_ACTIVATION_CONFIM=true` would leave the default in place without a word. Others that the',
    'module does not read (`SMTP_USER`, or a variable of the application) are named in one warning.',
    '',
    'A secret is refused that is short, a placeholder, a repetition, a walk along alphabet or keyboard, a PEM block, or a reference',
    'that nobody filled in (`${JWT_SECRET}`, `/run/secrets/…`); in production also one that is made of words. No secret may serve',
    'twice: the pepper is not `jwt.secret`, and `smtp.password` is neither. Every host is one host: `https://*.example.com` is none.',
    '',
    'The structural options `level`, `userEntity`, `tokenEntity`, `mode`, `autoActivate`, `returnLinkInResponse`,',
    '`backendLinks`, `routes`, `signupDto`, `profileDto`, `userResponse`, `isGlobal`, `dataSource`, `eventEntity`, `hooks`,',
    '`breachedPasswords` and `imports` decide what is mounted: in `forRootAsync` they sit beside `useFactory`. All others may come from the factory.',
    '',
    'A [level](levels.md) reads the settings named for it: one below complete ignores the others in the environment, and',
    'refuses them in code that states the level.',
    '',
    '## Modes',
    '',
    'A mode is a preset of three flags; any of them may still be set by hand. With `NODE_ENV=production`, modes C and D',
    'refuse to start unless `allowUnsafeMode` is true.',
    '',
    ...table(['mode', 'name', 'autoActivate', 'returnLinkInResponse', 'backendLinks', 'mail'], modeRows()),
    ...SETTING_GROUPS.flatMap(groupSection),
    '',
  ]);
}

function groupSection({ title, settings }) {
  return [
    '',
    `## ${title}`,
    '',
    ...table(['option', 'variable', 'default', 'levels', 'meaning'], settings.map(settingRow)),
  ];
}

function modeRows() {
  return Object.entries(MODES).map(([letter, { name, sendsMail, ...flags }]) => [
    letter,
    `\`${name}\``,
    flags.autoActivate,
    flags.returnLinkInResponse,
    flags.backendLinks,
    sendsMail ? 'SMTP, required' : 'none',
  ]);
}

function settingRow(setting) {
  const { path, env, doc, min, max, unit } = setting;
  const range = min === undefined ? '' : ` From ${min} to ${max}${unit === 'port' ? '' : ` ${unit}`}.`;
  return [
    `\`${path}\``,
    env ? `\`${env}\`` : 'none: only in code',
    defaultCell(setting),
    levelsOf(setting),
    `${doc}${range}`,
  ];
}

/** Values stand as code, words as text. */
function defaultCell(setting) {
  const isValue = setting.defaultText === undefined && setting.default !== undefined;
  return isValue ? `\`${describeDefault(setting)}\`` : describeDefault(setting).replace(/http\S+/, '`$&`');
}

function routesPage() {
  return markdown([
    '# Routes',
    '',
    'Every route of the module: what it takes, what it answers, and every code it can refuse with.',
    '',
    'Paths stand below the prefixes of the application: after `app.setGlobalPrefix("api/v1")`, `auth/signup` is',
    '`/api/v1/auth/signup`. Routes are the same on Express and Fastify. Each can be renamed or switched off by its name,',
    'and `AUTH_ROUTES=forge` gives all of them the paths of the second column: see [route presets](route-presets.md).',
    '',
    'Bodies are JSON objects (`Content-Type: application/json`) of at most 16 KB, four levels, and 512 fields and list items,',
    'sent within 10 seconds, unless a route says otherwise. Every answer carries `Cache-Control: no-store`, unless it may be kept. A refusal is `{ statusCode, code, message, errors? }`: check `code`, see',
    '[errors](errors.md). A bearer token is sent as `Authorization: Bearer <access_token>`.',
    '',
    ...table(['route', 'in the preset `forge`', 'name', 'levels', 'modes', 'what it does'], ENTRIES.map(routeRow)),
    ...ENTRIES.flatMap(routeSection),
  ]);
}

function routeRow([key, endpoint]) {
  const title = routeTitle(endpoint);
  const forge = endpoint.forgePath ?? 'the same';
  const name = `\`${key}\``;
  return [`[${title}](#${anchor(title)})`, forge, name, levelsOf(endpoint), modesOf(endpoint), endpoint.summary];
}

function routeSection([key, endpoint]) {
  const { flow, summary, request, answer, status, errors } = endpoint;
  const fields = Object.entries(request).map(([field, meaning]) => [`\`${field}\``, meaning]);
  return [
    '',
    `## ${routeTitle(endpoint)}`,
    '',
    `${summary} Name: \`${key}\`. Levels: ${levelsOf(endpoint)}. Modes: ${modesOf(endpoint)}. Flow: [${flow}](${flow}.md).`,
    '',
    `**Request:** ${BODIES[endpoint.accepts]}`,
    '',
    ...(fields.length > 0 ? table(['field', 'meaning'], fields) : []),
    '',
    `**Answer:** ${status}. ${answer}`,
    '',
    ...table(['status', 'code', 'message'], errors.map(errorRow).sort(byStatus)),
  ];
}

/** What a route takes, in words. */
const BODIES = {
  json: '`application/json`.',
  form: 'a form, `application/x-www-form-urlencoded`.',
  'json-or-form': '`application/json`, or nothing at all; in mode E also a form, `application/x-www-form-urlencoded`.',
  none: 'no body.',
};

function errorsPage() {
  const codes = Object.keys(AUTH_ERRORS);
  return markdown([
    '# Errors',
    '',
    'Every refusal is JSON of one shape, on every route and adapter; only who follows a link to a page of mode E, or sends',
    'its form, is refused by a page in their language:',
    '',
    '```json',
    JSON.stringify(errorExample(), null, 2),
    '```',
    '',
    'Check `code`, never `message`: codes are stable, and one that disappears or changes its status is a breaking change.',
    '`errors` names the fields at fault, and never repeats their values. Where the difference would help an attacker, many',
    'reasons share one code: an unknown, expired, revoked or foreign link is one 400; an unknown address, a wrong password and',
    'an inactive account are one 401. A link that was used with success, followed again, is a 409 that ends in `_ALREADY_DONE`,',
    'as long as [what it did](architecture.md#mailed-links-request-inspect-redeem) is so.',
    '',
    'A 401 carries `WWW-Authenticate` (RFC 6750), a 503 `Retry-After`. In code, every flow throws `AuthError`, an',
    '`HttpException` with the same `code`; its `cause` is for the log and never part of the answer.',
    '',
    ...table(['code', 'status', 'message', 'routes'], codes.map(codeRow)),
  ]);
}

function errorExample() {
  const [statusCode, message] = AUTH_ERRORS.INPUT_INVALID;
  const errors = [{ field: 'email', messages: ['email must be an e-mail address'] }];
  return { statusCode, code: 'INPUT_INVALID', message, errors };
}

function codeRow(code) {
  const [status, message] = AUTH_ERRORS[code];
  const endpoints = Object.values(ENDPOINTS).filter(({ errors }) => errors.includes(code));
  return [`\`${code}\``, status, message, routesWith(endpoints)];
}

function routesWith(endpoints) {
  if (endpoints.length === 0) return 'routes of the application, by the [guard](access.md)';
  const group = GROUPS.find(({ has }) =>
    Object.values(ENDPOINTS)
      .filter(has)
      .every((each) => endpoints.includes(each)),
  );
  const others = endpoints.filter((endpoint) => !group?.has(endpoint)).map(routeTitle);
  return [group?.name, ...others.map((title) => `[${title}](routes.md#${anchor(title)})`)].filter(Boolean).join(', ');
}

/** Routes that share a code, widest first. */
const GROUPS = [
  { name: 'every route', has: () => true },
  { name: 'every route that reads the database', has: ({ errors }) => errors.includes('SERVICE_FAILED') },
  { name: 'every route that takes a body', has: ({ accepts }) => accepts !== 'none' },
  { name: 'every route that takes fields', has: ({ request }) => Object.keys(request).length > 0 },
];

function errorRow(code) {
  const [status, message] = AUTH_ERRORS[code];
  return [status, `\`${code}\``, message];
}

function byStatus([a], [b]) {
  return a - b;
}

function routeTitle({ method, path }) {
  return `${method} ${path}`;
}

/** As GitHub makes the anchor of a heading. */
function anchor(title) {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function levelsOf({ level }) {
  return LEVELS.filter((each) => hasLevel(each, level)).join(', ');
}

function modesOf({ pages }) {
  return pages ? 'E' : 'all';
}

async function markdown(lines) {
  const style = await resolveConfig(fileURLToPath(ROOT));
  return format(lines.join('\n'), { ...style, parser: 'markdown' });
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map(tableLine);
}

function tableLine(cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

const check = process.argv.includes('--check');
const stale = [];
for (const { file, text } of GENERATORS) {
  const wanted = await text();
  const found = await readFile(new URL(file, ROOT), 'utf8').catch(() => undefined);
  if (found === wanted) continue;
  stale.push(file);
  if (!check) await writeFile(new URL(file, ROOT), wanted);
}
if (check && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Build, then run: node scripts/generate-docs.mjs`);
  process.exitCode = 1;
}
