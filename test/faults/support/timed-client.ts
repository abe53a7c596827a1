import { Agent, request } from 'node:http';

/** Milliseconds until a hung request is a failure of the script. */
const PATIENCE_MS = 60_000;

/** A request to be timed, and the status it must have. */
export interface TimedRequest {
  path: string;
  body: object;
  status: number;
  bearer?: string;
}

/** Sends JSON, and says how long the whole answer took; with one connection, one request at a time. */
export class TimedClient {
  private readonly agent: Agent;

  constructor(
    private readonly origin: string,
    connections = 1,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /**
   * @returns milliseconds from the request to the end of the answer
   * @throws where the status is another
   */
  async time(timed: TimedRequest): Promise<number> {
    return (await this.send(timed)).milliseconds;
  }

  /** The same where being turned away is an answer too: undefined for a 503. */
  async timeUnlessBusy(timed: TimedRequest): Promise<number | undefined> {
    const { milliseconds, isBusy } = await this.send(timed, true);
    return isBusy ? undefined : milliseconds;
  }

  /** The token that a login gives. */
  async bearer(email: string, password: string): Promise<string> {
    const { text } = await this.send({ path: '/auth/login', body: { email, password }, status: 200 });
    return (JSON.parse(text) as { access_token: string }).access_token;
  }

  close(): void {
    this.agent.destroy();
  }

  private send(
    { path, body, status, bearer }: TimedRequest,
    mayBeBusy = false,
  ): Promise<{ milliseconds: number; text: string; isBusy: boolean }> {
    const json = JSON.stringify(body);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
      ...(bearer && { authorization: `Bearer ${bearer}` }),
    };
    return new Promise((resolve, reject) => {
      const begun = performance.now();
      const sent = request(
        new URL(path, this.origin),
        { method: 'POST', agent: this.agent, headers, timeout: PATIENCE_MS },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject).on('end', () => {
            const milliseconds = performance.now() - begun;
            const isBusy = mayBeBusy && answer.statusCode === 503;
            if (isBusy || answer.statusCode === status) resolve({ milliseconds, text, isBusy });
            else reject(new Error(`${path} answered ${answer.statusCode}, not ${status}: ${text.slice(0, 200)}`));
          });
        },
      );
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${path} was not answered`)));
      sent.end(json);
    });
  }
}
