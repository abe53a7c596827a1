import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { WebSocket } from 'ws';
import { endProcess } from './end-process.js';
import type { Engine, EngineOptions } from './engine.js';

/** A remote value of WebDriver BiDi, as far as it is read here. */
interface Remote {
  value?: string;
  sharedId?: string;
}

/** What comes back for a command; an event has no id. */
interface Answer {
  id?: number;
  result?: unknown;
  message?: string;
}

/**
 * Firefox without a window, by W3C WebDriver BiDi, which it speaks by itself. Everything is asked in a sandbox of its own, where
 * functions run also when the page may run none.
 */
export async function launchFirefox({ javaScript }: EngineOptions): Promise<Engine> {
  const profile = mkdtempSync(join(tmpdir(), 'gatehouse-firefox-'));
  const preferences = { 'javascript.enabled': javaScript, 'datareporting.policy.dataSubmissionEnabled': false };
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref('${name}', ${value});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const browser = spawn(inject('legs').paths.firefox, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ask = await connect(await addressIn(browser.stderr));
  await ask('session.new', { capabilities: {} });
  const { contexts } = (await ask('browsingContext.getTree', {})) as { contexts: { context: string }[] };
  const { context } = contexts[0]!;

  const find = async (selector: string): Promise<Remote | undefined> => {
    const locator = { type: 'css', value: selector };
    const { nodes } = (await ask('browsingContext.locateNodes', { context, locator })) as { nodes: Remote[] };
    return nodes[0];
  };
  const call = async (functionDeclaration: string, element: Remote): Promise<Remote> => {
    const target = { context, sandbox: 'test' };
    const asked = { functionDeclaration, arguments: [{ sharedId: element.sharedId }], target, awaitPromise: false };
    return ((await ask('script.callFunction', asked)) as { result: Remote }).result;
  };
  const click = async (selector: string): Promise<void> => {
    const element = await find(selector);
    if (!element) throw new Error(`the page has no ${selector}`);
    await call("element => element.scrollIntoView({ block: 'center', behavior: 'instant' })", element);
    const origin = { type: 'element', element: { sharedId: element.sharedId } };
    const actions = [{ type: 'pointerMove', x: 0, y: 0, origin }, ...['pointerDown', 'pointerUp'].map(leftButton)];
    await ask('input.performActions', { context, actions: [{ type: 'pointer', id: 'hand', actions }] });
  };
  return {
    open: async (url) => void (await ask('browsingContext.navigate', { context, url, wait: 'complete' })),
    text: async (selector) => {
      const element = await find(selector);
      return element ? ((await call('element => element.textContent.trim()', element)).value ?? '') : '';
    },
    type: async (selector, text) => {
      await click(selector);
      const actions = [...text].flatMap((value) => ['keyDown', 'keyUp'].map((type) => ({ type, value })));
      await ask('input.performActions', { context, actions: [{ type: 'key', id: 'keys', actions }] });
    },
    click,
    close: async () => {
      await endProcess(browser);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function leftButton(type: string): object {
  return { type, button: 0 };
}

/** Where Firefox listens, which it says once it does. */
async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    // What it says later is nobody's business, but must not fill the pipe.
    output.resume();
    return address;
  }
  throw new Error('Firefox ended before it listened');
}

/** Opens the connection; what comes back sends a command and gives its result. */
async function connect(address: string): Promise<(method: string, params: object) => Promise<unknown>> {
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  socket.on('close', () => {
    for (const hear of waiting.values()) hear({ message: 'Firefox is gone' });
  });
  let last = 0;
  return async (method, params) => {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, message } = await answered;
    waiting.delete(id);
    if (result === undefined) throw new Error(`${method}: ${message}`);
    return result;
  };
}
