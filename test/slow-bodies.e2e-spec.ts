import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApp, PASSWORD, type TestApp } from './support/test-app.js';

/** Real time. The module gives up after 10 or 12 seconds, Node's own default after 300. */
const BOUND_MS = 20_000;
const JSON_TYPE = 'Content-Type: application/json';
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';
const CHUNKED = 'Transfer-Encoding: chunked';
const ANNOUNCED = 'Content-Length: 10000';
const TOKEN = 'x'.repeat(64);

/** A request whose body never ends: its head, then one byte after the other for as long as anybody listens. */
class SlowRequest {
  private readonly socket: Socket;
  private answer = '';

  constructor(port: number, line: string, headers: readonly string[]) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => (this.answer += chunk.toString()));
    this.socket.on('error', () => {});
    this.socket.write([`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n'));
    const byte = headers.includes(CHUNKED) ? '1\r\n \r\n' : ' ';
    const trickle = setInterval(() => this.socket.write(byte), 200);
    this.socket.once('close', () => clearInterval(trickle));
  }

  /** The status of the answer, undefined for none, once the server has closed the connection. */
  async statusAtEnd(): Promise<number | undefined> {
    await once(this.socket, 'close', { signal: AbortSignal.timeout(BOUND_MS) });
    const status = /^HTTP\/1\.1 (\d{3})/.exec(this.answer)?.[1];
    return status === undefined ? undefined : Number(status);
  }
}

describe.each(['express', 'fastify'] as const)('a body that never ends, with %s', (adapter) => {
  let t: TestApp;
  let bearer: string;
  beforeAll(async () => {
    t = await createTestApp({ adapter, mode: 'E' });
    const { access_token } = await t.activeUser('slow@example.org');
    bearer = `Authorization: Bearer ${access_token}`;
  });
  afterAll(() => t.close());

  const send = (line: string, ...headers: string[]) =>
    new SlowRequest(Number(new URL(t.client.origin).port), line, headers).statusAtEnd();

  it('is answered 408, or loses its connection, wherever it is sent', async () => {
    const [login, form] = ['POST /auth/login', `POST /auth/password-reset/${TOKEN}`];
    const outcomes = await Promise.all([
      send(login, JSON_TYPE, ANNOUNCED),
      send(login, JSON_TYPE, CHUNKED),
      send(form, FORM_TYPE, ANNOUNCED),
      send(form, FORM_TYPE, CHUNKED),
      // Refused without being read: the answer comes at once, the end of the body never.
      send(login, 'Content-Type: text/plain', ANNOUNCED),
      send(login, JSON_TYPE, 'Content-Length: 1000000'),
      // A route that takes no body.
      send('GET /auth/me', ANNOUNCED, bearer),
    ]);
    expect(outcomes).toEqual([408, 408, 408, 408, 415, 413, 200]);
  });

  it('is closed on routes without a body, though a body parser waits for it', async () => {
    const outcomes = await Promise.all([
      send('GET /auth/me', JSON_TYPE, CHUNKED, bearer),
      send('DELETE /auth/sessions/none', JSON_TYPE, CHUNKED, bearer),
    ]);
    expect(outcomes.filter((status) => status !== undefined && status >= 500)).toEqual([]);
    expect(t.logs.lines.filter((line) => /\berror\b/i.test(line))).toEqual([]);
  });

  it('does not reach those that come in time', async () => {
    const login = await t.client.post('/auth/login', { email: 'slow@example.org', password: PASSWORD });
    expect(login.status).toBe(200);
  });
});
