import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** What became of a request. */
export type Reply =
  | { kind: 'answer'; status: number; headers: IncomingHttpHeaders; body: Record<string, unknown> }
  /** No connection came about: nothing was done. */
  | { kind: 'refused' }
  /** The connection ended without an answer: it may have been done, or not. */
  | { kind: 'cut' }
  /** Nothing came for as long as anybody would wait. */
  | { kind: 'hang' };

/** A request. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  /** Sent as JSON. */
  body?: Record<string, unknown>;
  /** Sent as the form of a page, as a browser does. */
  form?: Record<string, string>;
  bearer?: string;
}

/** Longer than any answer takes that waits for something bounded: a connection, a lock, a hash, a statement. */
const PATIENCE_MS = 30_000;

/** Sends requests to an application that may be gone, and tells what a client can know of them. */
export class Caller {
  // A connection each: a server may close one that is idle at the very moment it is used again, which is no fault of its.
  private readonly agent = new Agent({ keepAlive: false });

  constructor(public origin: string) {}

  send({ method, path, body, form, bearer }: Call, patienceMs = PATIENCE_MS): Promise<Reply> {
    const text = form ? new URLSearchParams(form).toString() : body && JSON.stringify(body);
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    return new Promise((resolve) => {
      const sent = request(
        new URL(path, this.origin),
        {
          method,
          agent: this.agent,
          signal: AbortSignal.timeout(patienceMs),
          headers: {
            ...(text !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
            ...(form && { 'sec-fetch-site': 'same-origin' }),
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
          },
        },
        (response) => {
          let answer = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (answer += chunk));
          response.on('error', (error) => resolve({ kind: isImpatience(error) ? 'hang' : 'cut' }));
          response.on('end', () => {
            const { statusCode: status = 0, headers } = response;
            resolve({ kind: 'answer', status, headers, body: parsed(answer) });
          });
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (isImpatience(error)) resolve({ kind: 'hang' });
        else resolve({ kind: error.code === 'ECONNREFUSED' ? 'refused' : 'cut' });
      });
      sent.end(text);
    });
  }

  /** Closes its connections. */
  close(): void {
    this.agent.destroy();
  }
}

function isImpatience({ name }: Error): boolean {
  return name === 'AbortError' || name === 'TimeoutError';
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
