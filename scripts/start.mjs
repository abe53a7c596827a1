import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Starts the sample application from a fresh checkout: installs and builds what is missing or out of date, starts a
 * mail catcher where the mode sends mail, and says where to click. Every variable that is set, here or in .env, wins.
 * It uses Node alone until the packages are installed.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (path) => join(root, path);
const env = process.env;
const children = [];
const stopping = new AbortController();

const MODES = {
  A: 'production',
  B: 'local-smtp',
  C: 'link-in-response',
  D: 'auto-activate',
  E: 'backend-pages',
};

function modifiedAt(path) {
  return existsSync(at(path)) ? statSync(at(path)).mtimeMs : 0;
}

function newestIn(directory) {
  const files = readdirSync(at(directory), { recursive: true, withFileTypes: true });
  return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}

function run(command, args) {
  // npm is a script on Windows, which only a shell starts; the arguments are constants.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell });
  if (status !== 0) {
    console.error(`Stopped: "${command} ${args.join(' ')}" failed.`);
    process.exit(1);
  }
}

function install() {
  const locked = modifiedAt('package-lock.json');
  const installed = modifiedAt('node_modules/.package-lock.json');
  // A tool that only touches the lock file must not cost a running test suite its packages.
  if (installed > 0 && (installed >= locked || env.npm_command === 'test')) return;
  console.log('Installing the dependencies (the first time takes a few minutes).');
  // The compiler and the mail catcher are development dependencies, which NODE_ENV=production would leave out.
  run('npm', [locked > 0 ? 'ci' : 'install', '--include=dev', '--no-audit', '--no-fund']);
}

function build() {
  const outputs = ['dist/index.js', '.build/sample-app/main.js', '.build/sample-app/public/index.html'].map(modifiedAt);
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json'].map(modifiedAt);
  if (Math.min(...outputs) > Math.max(newestIn('lib'), newestIn('sample-app'), ...settings)) return;
  console.log('Building.');
  run(process.execPath, [at('scripts/build.mjs')]);
}

/** A secret of this checkout's own, kept so that sessions outlive a restart; var/ is never committed. */
function developmentSecret() {
  const file = at('var/jwt-secret');
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(48).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

/** The port itself where it is free, otherwise any free one. */
async function freePort(wanted, what) {
  const port = (await tryPort(wanted)) ?? (await tryPort(0));
  if (port !== wanted) console.log(`Port ${wanted} is taken: the ${what} uses ${port}.`);
  return port;
}

function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address();
      server.close(() => resolve(found));
    });
  });
}

function startChild(name, args, options) {
  const child = spawn(process.execPath, args, { cwd: root, env, ...options });
  children.push(child);
  child.once('exit', (code) => {
    if (!stopping.signal.aborted) {
      console.error(`The ${name} ended by itself.`);
      void stop(code || 1);
    }
  });
  return child;
}

async function startMailCatcher() {
  const smtp = await freePort(1025, 'mail catcher (SMTP)');
  const web = await freePort(1080, 'mail catcher (web page)');
  const flags = ['--smtp', smtp, '--web', web, '--ip', '127.0.0.1', '--silent'].map(String);
  startChild('mail catcher', [at('node_modules/maildev/bin/maildev'), ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  Object.assign(env, { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(smtp), SMTP_SECURE: 'false' });
  return `http://localhost:${web}`;
}

/** Fills in what is not set, so that every link leads to a page that works. */
function configure(mode, port) {
  const origin = `http://localhost:${port}`;
  const links =
    mode === 'E'
      ? { AUTH_PUBLIC_URL: origin, AUTH_LOGIN_URL: origin }
      : {
          AUTH_ACTIVATION_URL_TEMPLATE: `${origin}/#activate={token}`,
          AUTH_PASSWORD_RESET_URL_TEMPLATE: `${origin}/#reset={token}`,
          AUTH_EMAIL_CHANGE_URL_TEMPLATE: `${origin}/#email-change={token}`,
          AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE: `${origin}/#undo-email-change={token}`,
        };
  const defaults = { ...links, SMTP_FROM_ADDR: 'accounts@example.com', SMTP_FROM_NAME: 'Gatehouse sample' };
  for (const [name, value] of Object.entries(defaults)) env[name] ||= value;
  env.AUTH_MODE = mode;
  env.PORT = String(port);
  env.JWT_SECRET ||= developmentSecret();
  return origin;
}

async function untilHealthy(port) {
  const host = ['0.0.0.0', '::', undefined, ''].includes(env.HOST) ? '127.0.0.1' : env.HOST;
  while (!stopping.signal.aborted) {
    const response = await fetch(`http://${host}:${port}/health`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
}

/** Ends the application first: it may still have a mail to hand over. */
async function stop(code) {
  if (stopping.signal.aborted) return;
  stopping.abort();
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  process.exit(code);
}

/** npm passes SIGTERM on to its shell only, which ends without a word to us: an ended parent means the same. */
function stopWithNpm() {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void stop(0), 500).unref();
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(0));
if (env.npm_lifecycle_event) stopWithNpm();

install();
build();
if (existsSync(at('.env'))) process.loadEnvFile(at('.env'));

const given = (env.AUTH_MODE || 'B').toLowerCase();
const mode = Object.keys(MODES).find((letter) => [letter.toLowerCase(), MODES[letter]].includes(given)) ?? given;
const port = env.PORT ? Number(env.PORT) : await freePort(3000, 'application');
const catchesMail = !['C', 'D'].includes(mode) && !env.SMTP_HOST;
if (catchesMail) env.SAMPLE_MAIL_CATCHER_URL = await startMailCatcher();
const origin = configure(mode, port);

startChild('application', [at('.build/sample-app/main.js')], { stdio: 'inherit' });
await untilHealthy(port);
if (!stopping.signal.aborted) {
  console.log(`
  Application    ${origin}`);
  if (catchesMail) console.log(`  Mail catcher   ${env.SAMPLE_MAIL_CATCHER_URL}`);
  console.log(`  Mode           ${mode} (${MODES[mode] ?? 'unknown'}); AUTH_MODE=A, B, C, D or E chooses another
  Stop           Ctrl-C
`);
}
