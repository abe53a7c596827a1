import { Connection } from './connection.js';

/** Requests to make, over keep-alive sockets that each wait for an answer before they ask again. */
export interface Load {
  port: number;
  seconds: number;
  /** Requests in flight. */
  connections: number;
  traffic: Traffic;
  /** Starts this many requests a second at fixed times, instead of each as soon as the one before is answered. */
  perSecond?: number;
}

export type Traffic =
  | { kind: 'get'; path: string; accessTokens: readonly string[] }
  | { kind: 'login'; path: string; emails: readonly string[]; password: string }
  | { kind: 'refresh'; refreshTokens: readonly string[] }
  | { kind: 'signup'; prefix: string; password: string };

/** What came of it. Latencies in milliseconds. */
export interface LoadResult {
  perSecond: number;
  p50: number;
  p99: number;
}

/** Gives the text of the next request of a connection, from the body of its last answer. */
type NextRequest = (connection: number, lastBody: string) => string;

function requests(traffic: Traffic): NextRequest {
  let made = 0;
  switch (traffic.kind) {
    case 'get': {
      const texts = traffic.accessTokens.map((token) =>
        request('GET', traffic.path, `authorization: Bearer ${token}\r\n`),
      );
      return () => texts[made++ % texts.length]!;
    }
    case 'login': {
      const texts = traffic.emails.map((email) => post(traffic.path, { email, password: traffic.password }));
      return () => texts[made++ % texts.length]!;
    }
    case 'refresh':
      return (connection, lastBody) => {
        const refresh_token = lastBody
          ? (JSON.parse(lastBody) as { refresh_token: string }).refresh_token
          : traffic.refreshTokens[connection];
        return post('/auth/refresh', { refresh_token });
      };
    case 'signup':
      return () =>
        post('/auth/signup', { email: `${traffic.prefix}${made++}@example.com`, password: traffic.password });
  }
}

function post(path: string, body: object): string {
  const json = JSON.stringify(body);
  return request('POST', path, `content-type: application/json\r\ncontent-length: ${json.length}\r\n`) + json;
}

function request(method: string, path: string, headers: string): string {
  return `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\n${headers}\r\n`;
}

async function run({ port, seconds, connections, traffic, perSecond }: Load): Promise<LoadResult> {
  const next = requests(traffic);
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const latencies: number[] = [];
  const start = performance.now();
  const deadline = start + seconds * 1000;
  let started = 0;
  let inTime = 0;

  async function drive(connection: Connection, index: number): Promise<void> {
    let body = '';
    while (true) {
      // With a schedule, time counts from when the request was due: a late start is part of what a client waits.
      const due = perSecond === undefined ? performance.now() : start + (started++ * 1000) / perSecond;
      if (due >= deadline) return;
      await sleepUntil(due);
      body = await connection.ask(next(index, body));
      const now = performance.now();
      latencies.push(now - due);
      // Answers that come after the end do not count, as none came before the first could.
      if (now < deadline) inTime++;
    }
  }

  try {
    await Promise.all(open.map(drive));
  } finally {
    for (const connection of open) connection.close();
  }
  // So slow that nothing was answered in time: the rate of what came later.
  const rate = inTime > 0 ? inTime / seconds : (latencies.length * 1000) / (performance.now() - start);
  latencies.sort((a, b) => a - b);
  return { perSecond: rate, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

async function sleepUntil(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

process.on('message', (load: Load) => {
  run(load).then(
    (result) => process.send!(result),
    (error: unknown) => process.send!({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
process.send!('ready');
