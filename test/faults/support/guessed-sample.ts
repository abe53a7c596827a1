import { PASSWORD } from '../../support/password.js';
import type { CrowdProcess, Sample } from './crowd.js';
import { quantile } from './figures.js';
import type { MeasuredSample } from './measured-sample.js';

/** Guessers, and the owner beside them. */
export interface Attack {
  /** In words, as a figure names it. */
  what: string;
  /** Where the guessers come from. */
  from: readonly string[];
  /** True where all guess at the owner's account; else at 200 others. */
  isAtOwner: boolean;
  /** True where the owner has logged in on this device before. */
  hasCookie: boolean;
}

const GUESSERS = 100;

/** Addresses of one network of the loopback, each a network of its own to the application. */
const addresses = (network: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `127.0.${network}.${index + 1}`);

/** No two share addresses, so that one finds nothing that another has used up. */
export const ATTACKS = {
  oneAddress: {
    what: `${GUESSERS} connections of one address guess at 200 accounts`,
    from: addresses(1, 1),
    isAtOwner: false,
    hasCookie: false,
  },
  manyAddresses: {
    what: `${GUESSERS} connections of 50 addresses guess at 200 accounts`,
    from: addresses(2, 50),
    isAtOwner: false,
    hasCookie: false,
  },
  ownersAccount: {
    what: `${GUESSERS} connections of 50 addresses guess at the account of an owner with a device cookie`,
    from: addresses(3, 50),
    isAtOwner: true,
    hasCookie: true,
  },
} as const satisfies Record<string, Attack>;

/** What an owner met. Times in milliseconds. */
export interface OwnersLogins {
  all: number;
  /** How many were let in at the first try, and what those waited. */
  first: number;
  median: number;
  p99: number;
}

/** What requests cost the application. */
export interface Cost {
  count: number;
  perSecond: number;
  /** CPU of a request, in milliseconds. */
  cpuMs: number;
  hashes: number;
}

const OWNER = 'owner@example.com';
const OWNERS_ADDRESS = ['127.0.200.1'];
const LIMITED_ADDRESS = ['127.0.4.1'];
/** How often the owner logs in, a second. */
const OWNER_RATE = 4;
const COST_RATE = 500;
/** Of 3 seconds, in which guessers must be limited. */
const MOST_ROUNDS = 20;

/** The application with the account of an owner and some others, at which is guessed. */
export class GuessedSample {
  private constructor(
    private readonly measured: MeasuredSample,
    private readonly guessers: CrowdProcess,
    private readonly owner: CrowdProcess,
    private readonly cookie: string,
  ) {}

  static async prepare(measured: MeasuredSample, guessers: CrowdProcess, owner: CrowdProcess): Promise<GuessedSample> {
    for (const email of [OWNER, ...targets(false).slice(0, 5)]) await measured.activeUser(email);
    const { headers } = await measured.sample.client.post('/auth/login', { email: OWNER, password: PASSWORD });
    const cookie = /[\w-]*gatehouse-device=[^;]+/.exec(headers.get('set-cookie') ?? '')?.[0] ?? '';
    return new GuessedSample(measured, guessers, owner, cookie);
  }

  /** The owner's logins while guessers are at work; they have begun a second before. */
  async under({ from, isAtOwner, hasCookie }: Attack, seconds: number): Promise<OwnersLogins> {
    const guessing = this.guess({ from, isAtOwner }, seconds + 2);
    const [logins] = await Promise.all([this.logins(seconds, hasCookie, 1), guessing]);
    return logins;
  }

  /**
   * Lets guessers use up what each of them may try.
   * @returns the owner's logins meanwhile, and how long it took
   */
  async untilLimited(attack: Attack): Promise<OwnersLogins & { seconds: number }> {
    const startedAt = performance.now();
    const waits: Sample[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const [guesses, own] = await Promise.all([this.guess(attack, 3), this.ownSamples(3, attack.hasCookie)]);
      waits.push(...own);
      // Those that were sent before the last one was limited say nothing.
      if (guesses.length > 0 && guesses.slice(-GUESSERS).every(([, , status]) => status === 429)) break;
    }
    return { ...toLogins(waits), seconds: (performance.now() - startedAt) / 1000 };
  }

  private guess({ from, isAtOwner }: Pick<Attack, 'from' | 'isAtOwner'>, seconds: number): Promise<Sample[]> {
    const bodies = targets(isAtOwner).map((email, index) => ({
      email,
      password: `a guess, and the ${index}th of them`,
    }));
    const { port } = this.measured;
    const login = { port, method: 'POST', path: '/auth/login' } as const;
    return this.guessers.run({ ...login, from, connections: GUESSERS, seconds, bodies });
  }

  /** The owner's logins, one after the other. */
  async logins(seconds: number, hasCookie = false, delaySeconds = 0): Promise<OwnersLogins> {
    await new Promise((resolve) => setTimeout(resolve, delaySeconds * 1000));
    return toLogins(await this.ownSamples(seconds, hasCookie));
  }

  private ownSamples(seconds: number, hasCookie: boolean): Promise<Sample[]> {
    return this.owner.run({
      port: this.measured.port,
      method: 'POST',
      path: '/auth/login',
      from: OWNERS_ADDRESS,
      connections: 1,
      perSecond: OWNER_RATE,
      seconds,
      bodies: [{ email: OWNER, password: PASSWORD }],
      ...(hasCookie && { cookie: this.cookie }),
    });
  }

  /** What logins cost that are refused because their network has had its tries. */
  async limitedLogins(seconds: number): Promise<Cost> {
    const bodies = targets(false).map((email) => ({ email, password: 'a guess that nobody looks at' }));
    const crowd = { port: this.measured.port, method: 'POST', path: '/auth/login', from: LIMITED_ADDRESS } as const;
    for (let tries = 0; ; tries++) {
      const before = await this.guessers.run({ ...crowd, connections: 1, seconds: 1, perSecond: 60, bodies });
      if (before.length > 0 && before.every(([, , status]) => status === 429)) break;
      if (tries > 30) throw new Error('the network of the guessers is never limited');
    }
    return this.cost(this.guessers.run({ ...crowd, connections: 20, seconds, perSecond: COST_RATE, bodies }), [429]);
  }

  /** What a request costs that asks nothing of anything. */
  healthChecks(seconds: number): Promise<Cost> {
    const { port } = this.measured;
    const crowd = { port, method: 'GET', path: '/sample/info', from: OWNERS_ADDRESS, connections: 20 } as const;
    return this.cost(this.guessers.run({ ...crowd, seconds, perSecond: COST_RATE }), [200]);
  }

  private async cost(running: Promise<Sample[]>, expected: readonly number[]): Promise<Cost> {
    const { gauge } = this.measured;
    const startedAt = performance.now();
    const before = await gauge.read();
    const samples = await running;
    const after = await gauge.read();
    const odd = samples.find(([, , status]) => !expected.includes(status));
    if (odd) throw new Error(`answered ${odd[2]} instead of ${expected.join()}`);
    return {
      count: samples.length,
      perSecond: (samples.length * 1000) / (performance.now() - startedAt),
      cpuMs: (after.cpuMs - before.cpuMs) / samples.length,
      hashes: after.hashes - before.hashes,
    };
  }
}

function toLogins(samples: readonly Sample[]): OwnersLogins {
  const waits = samples.filter(([, , status]) => status === 200).map(([, wait]) => wait);
  return { all: samples.length, first: waits.length, median: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
}

/** At whom is guessed: the owner, or many, some of whom are there. */
function targets(isAtOwner: boolean): string[] {
  if (isAtOwner) return [OWNER];
  return Array.from({ length: 200 }, (_, index) => `target-${index}@example.com`);
}
