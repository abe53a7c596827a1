import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { freePort } from '../free-port.js';
import { endProcess } from './end-process.js';
import type { Engine, EngineOptions } from './engine.js';

/** The name by which an answer tells an element; W3C WebDriver, section 12.1. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const START_TRIES = 200;

/** WebKitGTK on a screen that nobody sees, by W3C WebDriver. */
export async function launchWebKit({ javaScript }: EngineOptions): Promise<Engine> {
  const { xvfb, webKitDriver, miniBrowser } = inject('legs').paths;
  const screen = spawn(xvfb, ['-displayfd', '1', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [display] = (await once(createInterface(screen.stdout), 'line')) as [string];
  const port = await freePort();
  // Its own sandbox needs a namespace that root in a container may not make; what it opens is ours.
  const env = { ...process.env, DISPLAY: `:${display}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };
  const driver = spawn(webKitDriver, [`--port=${port}`], { env, stdio: 'ignore' });
  const ask = (method: string, path: string, body?: object): Promise<unknown> =>
    command(`http://127.0.0.1:${port}${path}`, method, body);
  await listening(() => ask('GET', '/status'));
  const args = ['--automation', `--enable-javascript=${javaScript}`];
  const options = { 'webkitgtk:browserOptions': { binary: miniBrowser, args } };
  const { sessionId } = (await ask('POST', '/session', { capabilities: { alwaysMatch: options } })) as {
    sessionId: string;
  };
  const session = `/session/${sessionId}`;
  const find = async (selector: string): Promise<string[]> => {
    const found = await ask('POST', `${session}/elements`, { using: 'css selector', value: selector });
    return (found as Record<string, string>[]).map((element) => `${session}/element/${element[ELEMENT]}`);
  };
  const first = async (selector: string): Promise<string> => {
    const [element] = await find(selector);
    if (element === undefined) throw new Error(`the page has no ${selector}`);
    return element;
  };
  return {
    open: async (url) => void (await ask('POST', `${session}/url`, { url })),
    text: async (selector) => {
      const [element] = await find(selector);
      return element === undefined ? '' : ((await ask('GET', `${element}/text`)) as string);
    },
    type: async (selector, text) => void (await ask('POST', `${await first(selector)}/value`, { text })),
    click: async (selector) => void (await ask('POST', `${await first(selector)}/click`, {})),
    close: async () => {
      await ask('DELETE', session);
      await Promise.all([endProcess(driver), endProcess(screen)]);
    },
  };
}

async function command(url: string, method: string, body?: object): Promise<unknown> {
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) });
  const { value } = (await answer.json()) as { value: unknown };
  if (!answer.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`);
  return value;
}

async function listening(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await delay(50);
    }
  }
}
