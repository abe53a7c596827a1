import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { judged } from './exchange.js';

/** A request exactly as given: no normalised path, any method, any bytes. */
export interface RawRequest {
  method?: string;
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Uint8Array;
  /** True sends the body without announcing its length. */
  chunked?: boolean;
}

/** An answer, read to its end. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed JSON, else undefined. */
  // A test reads the wire: what it expects of the body is the test itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

/** What `fetch` would not send: hostile requests, over connections that stay open. */
export class RawClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 20 });
  private readonly port: string;

  constructor(private readonly origin: string) {
    this.port = new URL(origin).port;
  }

  send({ method = 'POST', path, headers = {}, body, chunked }: RawRequest): Promise<RawAnswer> {
    // Said by name: for DELETE, Node would send the bytes of a body without saying how many there are.
    const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': Buffer.byteLength(body ?? '') };
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: this.port,
        agent: this.agent,
        method,
        path,
        headers: { ...(body !== undefined && length), ...headers },
        timeout: 10_000,
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path} within 10 s`)));
      // Where the server answers before it has read everything, the rest of the body finds the connection closed.
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const answer = { status: response.statusCode!, headers: response.headers, text, body: parse(text) };
          try {
            this.judge(method, path, answer);
            resolve(answer);
          } catch (error) {
            reject(error as Error);
          }
        });
      });
      if (body !== undefined) outgoing.write(body);
      outgoing.end();
    });
  }

  /**
   * A GET with header lines that no HTTP client would write, one byte for each character.
   * @returns the answer as it came over the socket, up to its end
   */
  getWithBytes(path: string, ...headerLines: string[]): Promise<string> {
    const lines = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headerLines, '', ''];
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(this.port), '127.0.0.1', () => socket.write(lines.join('\r\n'), 'latin1'));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
    });
  }

  private judge(method: string, path: string, { status, headers, text }: RawAnswer): void {
    // A path that URL would rewrite leads elsewhere than it seems.
    if (!URL.canParse(path, this.origin) || new URL(path, this.origin).pathname !== path.split('?')[0]) return;
    const entries = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]);
    judged({ method, url: new URL(path, this.origin), status, headers: new Headers(entries), text });
  }

  close(): void {
    this.agent.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
