import { judged } from './exchange.js';

/** An answer, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed JSON, else undefined. */
  // A test reads the wire: what it expects of the body is the test itself.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

/** What a request may carry besides its JSON body. */
export interface RequestExtras {
  bearer?: string;
  headers?: Record<string, string>;
}

/** A small HTTP client over real sockets. */
export class Client {
  constructor(readonly origin: string) {}

  get(path: string, extras: RequestExtras = {}): Promise<Answer> {
    return this.send(path, { method: 'GET', headers: headersOf(extras) });
  }

  post(path: string, body?: unknown, extras: RequestExtras = {}): Promise<Answer> {
    return this.request('POST', path, body, extras);
  }

  /** With a JSON body or none. */
  request(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    extras: RequestExtras = {},
  ): Promise<Answer> {
    const headers = headersOf(extras);
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    return this.send(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  postForm(path: string, fields: Record<string, string>, extras: RequestExtras = {}): Promise<Answer> {
    return this.send(path, { method: 'POST', headers: headersOf(extras), body: new URLSearchParams(fields) });
  }

  async send(path: string, init: RequestInit): Promise<Answer> {
    const url = new URL(path, this.origin);
    const response = await fetch(url, { redirect: 'manual', ...init });
    const { status, headers } = response;
    const text = await response.text();
    judged({ method: init.method ?? 'GET', url, sent: sentJson(init), status, headers, text });
    return { status, headers, text, body: parse(text) };
  }
}

/** What two answers must share for nobody to tell them apart: everything but the date. */
export function fingerprint({ status, headers, text }: Answer): unknown {
  return { status, headers: [...headers].filter(([name]) => name !== 'date'), text };
}

/** Starts `count` requests at the same moment and collects their answers in order. */
export async function inParallel<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  let open!: () => void;
  const barrier = new Promise<void>((resolve) => (open = resolve));
  const all = Array.from({ length: count }, async (_, index) => {
    await barrier;
    return start(index);
  });
  open();
  return Promise.all(all);
}

/** All of an answer that a client can see, but the time: two answers that tell nothing apart are equal. */
export function visible({ status, headers, text }: Answer) {
  return { status, text, headers: [...headers].filter(([name]) => name !== 'date') };
}

function headersOf({ bearer, headers }: RequestExtras): Record<string, string> {
  return { ...(bearer && { authorization: `Bearer ${bearer}` }), ...headers };
}

/** What was sent as JSON. */
function sentJson({ body }: RequestInit): unknown {
  return typeof body === 'string' ? parse(body) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
