import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { dashboardPage } from './dashboard-page.mjs';
import { useApplication } from './dashboard-load.mjs';

/**
 * Draws docs/grafana/gatehouse.png: the panels of docs/grafana/gatehouse.json over a real run. The sample application is used
 * for SECONDS by visitors and by a guesser, Prometheus scrapes it and evaluates each panel's expression, and Chromium draws
 * what it answers. It is not Grafana that draws: the picture shows what the panels hold.
 *
 *     npm run build && node scripts/dashboard.mjs [SECONDS]
 *
 * PROMETHEUS_PATH and CHROMIUM_PATH name the programs (`apt-get install prometheus chromium`).
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const seconds = Number(process.argv[2] ?? 240);
const STEP = 2;
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-dashboard-'));
const children = [];

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

function start(command, args, env = {}) {
  const child = spawn(command, args, { cwd: directory, env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
  children.push(child);
  child.once('exit', (code) => code && console.error(`${command} ended with code ${code}`));
  return child;
}

async function until(url) {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`${url} does not answer.`);
}

/** Takes every mail after a moment; `isRefusing` is what a full mailbox says. */
async function startMailServer(port, mails) {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, { envelope }, done) => {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', async () => {
        await sleep(10 + Math.random() * 60);
        if (mails.isRefusing) return done(Object.assign(new Error('try again later'), { responseCode: 451 }));
        const { text } = await PostalMime.parse(Buffer.concat(chunks));
        mails.set(envelope.rcptTo[0].address, text);
        done();
      });
    },
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  return server;
}

async function evaluate(prometheus, expr, from, to) {
  const query = expr.replaceAll('$__rate_interval', '16s');
  const url = new URL('/api/v1/query_range', prometheus);
  url.search = new URLSearchParams({ query, start: from, end: to, step: STEP });
  const { status, data, error } = await (await fetch(url)).json();
  if (status !== 'success') throw new Error(`${expr}: ${error}`);
  return data.result;
}

async function seriesOf(panel, prometheus, from, to) {
  const found = await Promise.all(
    (panel.targets ?? []).map(async ({ expr, legendFormat }) =>
      (await evaluate(prometheus, expr, from, to)).map(({ metric, values }) => ({
        name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '').trim(),
        points: values.map(([at, value]) => [at - from, Number(value)]).filter(([, value]) => Number.isFinite(value)),
      })),
    ),
  );
  return found.flat().filter(({ points }) => points.length > 0);
}

let mailServer;
try {
  const [port, metricsPort, smtpPort, prometheusPort] = await Promise.all(Array.from({ length: 4 }, freePort));
  const mails = new Map();
  mailServer = await startMailServer(smtpPort, mails);
  start(process.execPath, [join(root, 'scripts/dashboard-app.mjs')], {
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_URL: `sqlite:${join(directory, 'accounts.sqlite')}`,
    JWT_SECRET: randomBytes(48).toString('base64'),
    AUTH_MODE: 'A',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(smtpPort),
    SMTP_FROM_ADDR: 'accounts@example.com',
  });
  const config = join(directory, 'prometheus.json');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'sample',
          scrape_interval: `${STEP}s`,
          static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }],
        },
      ],
    }),
  );
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  start(process.env.PROMETHEUS_PATH ?? 'prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
  ]);
  await until(`http://127.0.0.1:${port}/health`);
  await until(`${prometheus}/-/ready`);
  await sleep(3 * STEP * 1000);
  const from = Math.floor(Date.now() / 1000);
  await useApplication(`http://127.0.0.1:${port}`, mails, seconds);
  await sleep(2 * STEP * 1000);
  const to = Math.floor(Date.now() / 1000);

  const dashboard = JSON.parse(readFileSync(join(root, 'docs/grafana/gatehouse.json'), 'utf8'));
  const panels = [];
  for (const panel of dashboard.panels) panels.push({ ...panel, series: await seriesOf(panel, prometheus, from, to) });
  writeFileSync(
    process.env.SERIES_FILE ?? join(directory, 'series.json'),
    JSON.stringify({ panels, length: to - from }),
  );
  const empty = panels.filter(({ type, series }) => type !== 'row' && series.length === 0);
  for (const { title } of empty) console.log(`empty: ${title}`);

  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.setContent(dashboardPage(dashboard.title, panels, to - from));
  await page.screenshot({ path: join(root, 'docs/grafana/gatehouse.png'), fullPage: true });
  await browser.close();
} finally {
  for (const child of children) child.kill();
  mailServer?.close();
  await sleep(500);
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
