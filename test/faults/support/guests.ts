import { setTimeout as delay } from 'node:timers/promises';
import { type Mailbox, tokenIn } from '../../support/mailbox.js';
import type { Call, Caller, Reply } from './caller.js';
import { ENDPOINT_LOADS, type Guest } from './endpoint-loads.js';

/** An endpoint as the application says it is mounted. */
export interface Mounted {
  key: string;
  method: Call['method'];
  path: string;
}

/** What a database that is away may do to an endpoint: nothing but 503 with Retry-After. */
export interface Tally {
  right: number;
  unavailable: number;
  /** In words. */
  wrong: string[];
}

const PAUSE_MS = 10;

/**
 * Every endpoint the application has and that needs its database.
 * @throws where one has no request to be asked with
 */
export async function mountedEndpoints(caller: Caller): Promise<Mounted[]> {
  const reply = await caller.send({ method: 'GET', path: '/sample/info' });
  if (reply.kind !== 'answer') throw new Error(`the application does not say what it has: ${reply.kind}`);
  const routes = reply.body['routes'] as Record<string, Omit<Mounted, 'key'>>;
  const mounted = Object.entries(routes).map(([key, { method, path }]) => ({ key, method, path }));
  return mounted.filter(({ key }) => {
    // Keys come from the configuration.
    if (key === 'jwks') return false;
    if (!(key in ENDPOINT_LOADS)) throw new Error(`Give ${key} a request in test/faults/support/endpoint-loads.ts`);
    return true;
  });
}

/** Somebody who asks one endpoint again and again. */
export class EndpointGuest {
  /** When it was last answered as if nothing had happened, in milliseconds since the epoch. */
  lastRight = 0;
  private isStopped = false;

  constructor(
    private readonly caller: Caller,
    private readonly guest: Guest,
    private readonly endpoint: Mounted,
    private readonly tally: Tally,
  ) {}

  async ask(): Promise<void> {
    const { key, method, path } = this.endpoint;
    const load = ENDPOINT_LOADS[key]!;
    while (!this.isStopped) {
      this.guest.count++;
      const isKnown = await this.signIn(load.endsSession ?? false);
      if (isKnown) {
        const { parameter = '', ...call } = load.call(this.guest);
        const reply = await this.caller.send({ method, path: path.replace(/:\w+/, parameter), ...call });
        if (this.judge(key, reply, load.statuses)) this.lastRight = Date.now();
      }
      await delay(PAUSE_MS);
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private async signIn(isSpent: boolean): Promise<boolean> {
    if (this.guest.access !== '' && !isSpent) return true;
    const { email, password } = this.guest;
    const reply = await this.caller.send({ method: 'POST', path: '/auth/login', body: { email, password } });
    if (!this.judge('login', reply, [200]) || reply.kind !== 'answer') return false;
    this.guest.access = String(reply.body['access_token']);
    this.guest.refresh = String(reply.body['refresh_token']);
    return true;
  }

  private judge(what: string, reply: Reply, statuses: readonly number[]): boolean {
    if (reply.kind !== 'answer') {
      this.tally.wrong.push(`${what}: ${reply.kind}`);
      return false;
    }
    const { status, headers, body } = reply;
    if (statuses.includes(status)) {
      this.tally.right++;
      return true;
    }
    if (status === 503 && headers['retry-after']) this.tally.unavailable++;
    else this.tally.wrong.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
    return false;
  }
}

/** Accounts that are active, each with an address of its own. */
export async function makeGuests(caller: Caller, mailbox: Mailbox, count: number): Promise<Guest[]> {
  const password = 'quarry-Lantern-51c0ffee';
  const make = async (index: number): Promise<Guest> => {
    const email = `guest-${index}@example.com`;
    await caller.send({ method: 'POST', path: '/auth/signup', body: { email, password } });
    const token = tokenIn(await mailbox.waitFor(email));
    const reply = await caller.send({ method: 'POST', path: '/auth/activate', body: { token } });
    if (reply.kind !== 'answer' || reply.status !== 200) throw new Error(`no guest: ${JSON.stringify(reply)}`);
    return { email, password, access: '', refresh: '', count: 0 };
  };
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}
