/**
 * Writes the files that are generated from the built package: `node scripts/generate-docs.mjs` after a build.
 * With `--check` it writes nothing, and exits 1 naming the files that are out of date.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { MODES } from '../dist/config/modes.js';
import { describeDefault, SETTING_GROUPS } from '../dist/config/settings.js';

/** The generated files; another reference is one more entry. */
const GENERATORS = [
  { file: '.env.example', text: envExample },
  { file: 'docs/configuration.md', text: configurationPage },
];

const ROOT = new URL('../', import.meta.url);

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

async function configurationPage() {
  const text = [
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
    'The structural options `userEntity`, `tokenEntity`, `mode`, `autoActivate`, `returnLinkInResponse`, `backendLinks`,',
    '`isGlobal` and `dataSource` decide what is mounted: in `forRootAsync` they sit beside `useFactory`. All others may',
    'come from the factory.',
    '',
    '## Modes',
    '',
    'A mode is a preset of three flags; any of them may still be set by hand. With `NODE_ENV=production`, modes C and D',
    'refuse to start unless `allowUnsafeMode` is true.',
    '',
    ...table(['mode', 'name', 'autoActivate', 'returnLinkInResponse', 'backendLinks', 'mail'], modeRows()),
    ...SETTING_GROUPS.flatMap(groupSection),
    '',
  ].join('\n');
  const style = await resolveConfig(fileURLToPath(ROOT));
  return format(text, { ...style, parser: 'markdown' });
}

function groupSection({ title, settings }) {
  return ['', `## ${title}`, '', ...table(['option', 'variable', 'default', 'meaning'], settings.map(settingRow))];
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
  return [`\`${path}\``, env ? `\`${env}\`` : 'none: only in code', defaultCell(setting), `${doc}${range}`];
}

/** Values stand as code, words as text. */
function defaultCell(setting) {
  const isValue = setting.defaultText === undefined && setting.default !== undefined;
  return isValue ? `\`${describeDefault(setting)}\`` : describeDefault(setting).replace(/http\S+/, '`$&`');
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
