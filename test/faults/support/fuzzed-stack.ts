import * as fc from 'fast-check';
import { brokenRules, plainRows, type PlainToken, type PlainUser } from '../../support/account-rules.js';
import { ALL_ENDPOINTS } from '../../support/every-endpoint.js';
import { forgeriesOf } from '../../support/forged-tokens.js';
import { faultOfAnswer } from '../../support/hostile-answers.js';
import { type Credentials, hostileRequest, toRawRequest } from '../../support/hostile-requests.js';
import type { DatabaseKind } from '../../support/database-servers.js';
import { Mailbox, tokenIn } from '../../support/mailbox.js';
import { createDatabase, type TestDatabase } from '../../support/new-database.js';
import { RawClient, type RawAnswer, type RawRequest } from '../../support/raw-client.js';
import { type SampleProcess, startSampleProcess } from '../../support/sample-process.js';
import { Gauge, type Reading } from './gauge.js';
import { onTables } from './tables.js';

/** What is attacked, and how much. */
export interface Attack {
  adapter: 'express' | 'fastify';
  kind: DatabaseKind;
  /** Requests to each endpoint. */
  requests: number;
  forgeries: number;
  seed: number;
  /** What takes longer hangs, in milliseconds. */
  hangMs: number;
}

/** What came of it. */
export interface Outcome {
  requests: number;
  forgeries: number;
  accepted: number;
  serverErrors: number;
  hangs: number;
  slowestMs: number;
  /** Answers that are not as documented, rows that cannot be, log lines that must not be: each in words. */
  faults: string[];
  isAlive: boolean;
  /** Readings after a collection of garbage: at half of the requests, and at their end. */
  half: Reading;
  end: Reading;
}

/** Endpoints that are asked at the same time. */
const LANES = 8;
/** No generator knows it. */
const VICTIMS_PASSWORD = 'seven quiet harbours at dusk';
/** Some of them are addresses that the generators make. */
const VICTIMS = ['victim', 'user0', 'user1', 'user2', 'user3', 'user4'].map((name) => `${name}@example.com`);
const INSIDER = 'insider@example.com';
/** Where the insider would end the very session that the next requests need. */
const ENDS_THE_SESSION = /^(logout|logoutAll|deleteAccount)$/;

/** One application as a process of its own, hostile requests to every endpoint, and a look at what they did. */
export async function attack(plan: Attack): Promise<Outcome> {
  const database = await createDatabase(plan.kind);
  const mailbox = await new Mailbox().goUp();
  const gauge = new Gauge();
  try {
    const sample = await startSampleProcess(database, mailbox, {
      HTTP_ADAPTER: plan.adapter,
      // Every endpoint and the pages; tries are counted by what requests state, and nothing is refused for it.
      AUTH_MODE: 'E',
      AUTH_PUBLIC_URL: 'http://localhost:3000',
      AUTH_LIMITS: 'observe',
      ...gauge.env,
    });
    try {
      return await new AttackedSample(plan, { database, mailbox, sample, gauge }).run();
    } finally {
      await sample.stop();
    }
  } finally {
    await mailbox.goDown();
    await database.drop();
  }
}

interface Parts {
  database: TestDatabase;
  mailbox: Mailbox;
  sample: SampleProcess;
  gauge: Gauge;
}

class AttackedSample {
  private readonly raw: RawClient;
  private requests = 0;
  private serverErrors = 0;
  private hangs = 0;
  private slowestMs = 0;
  private readonly faults: string[] = [];

  constructor(
    private readonly plan: Attack,
    private readonly parts: Parts,
  ) {
    this.raw = new RawClient(parts.sample.origin);
  }

  async run(): Promise<Outcome> {
    const { sample, gauge } = this.parts;
    for (const email of [...VICTIMS, INSIDER]) await this.activeUser(email);
    const genuine = await this.login(VICTIMS[0]!);
    const insider = await this.login(INSIDER);
    const before = await this.rows();
    const half = await this.inLanes({ genuine: genuine.access, insider: insider.access }, gauge);
    const end = await gauge.read(true);
    const accepted = await this.showForgeries(genuine);
    this.raw.close();
    this.faults.push(...this.changes(before, await this.rows()), ...this.loggedFaults());
    const health = await sample.client.get('/health').catch(() => undefined);
    const me = await sample.client.get('/auth/me', { bearer: genuine.access }).catch(() => undefined);
    if (me?.status !== 200) this.faults.push(`the session of a bystander is answered ${me?.status ?? 'nothing'}`);
    const { requests, serverErrors, hangs, slowestMs, faults } = this;
    const counts = { requests, serverErrors, hangs, slowestMs, accepted, forgeries: this.plan.forgeries };
    return { ...counts, faults, isAlive: health?.status === 200, half, end };
  }

  /** Every endpoint, a few at a time; gives the reading at half of the requests. */
  private async inLanes(credentials: Credentials, gauge: Gauge): Promise<Reading> {
    await this.attackAll(credentials, 0);
    const half = await gauge.read(true);
    await this.attackAll(credentials, 1);
    return half;
  }

  private async attackAll(credentials: Credentials, round: 0 | 1): Promise<void> {
    const waiting = [...ALL_ENDPOINTS.entries()];
    const lanes = Array.from({ length: LANES }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, entry] = next;
        await this.attackEndpoint(entry, credentials, this.plan.seed + 2 * index + round);
      }
    });
    await Promise.all(lanes);
  }

  private async attackEndpoint(
    [name, endpoint]: (typeof ALL_ENDPOINTS)[number],
    { genuine, insider }: Credentials,
    seed: number,
  ): Promise<void> {
    const credentials = ENDS_THE_SESSION.test(name) ? { genuine } : { genuine, insider };
    const property = fc.asyncProperty(hostileRequest(endpoint, credentials), async (request) => {
      const answer = await this.send(toRawRequest(endpoint, request));
      const fault = faultOfAnswer(endpoint, request, answer);
      if (fault !== undefined) throw new Error(fault);
    });
    const details = await fc.check(property, { numRuns: Math.ceil(this.plan.requests / 2), seed });
    if (details.failed)
      this.faults.push(`${name}: ${String(details.errorInstance)}\n${fc.defaultReportMessage(details)}`);
  }

  private async send(request: RawRequest): Promise<RawAnswer> {
    const startedAt = performance.now();
    try {
      const answer = await this.raw.send(request);
      if (answer.status >= 500) this.serverErrors++;
      return answer;
    } finally {
      const took = performance.now() - startedAt;
      this.requests++;
      this.slowestMs = Math.max(this.slowestMs, took);
      if (took > this.plan.hangMs) this.hangs++;
    }
  }

  /** Half of them as access tokens, half as refresh tokens; gives how many were accepted. */
  private async showForgeries(genuine: Pair): Promise<number> {
    const { forgeries, seed } = this.plan;
    const half = Math.ceil(forgeries / 2);
    const asAccess = fc.sample(forgeriesOf(genuine.access), { numRuns: half, seed });
    const asRefresh = fc.sample(forgeriesOf(genuine.refresh), { numRuns: forgeries - half, seed });
    let accepted = 0;
    const judge = ({ status, text }: RawAnswer): void => {
      if (status < 300) accepted++;
      if (status >= 500) this.faults.push(`a forged token is answered ${status} ${text}`);
    };
    // The one in place of the other is genuine, and of the wrong kind.
    for (const token of [genuine.refresh, ...asAccess]) {
      judge(await this.send({ method: 'GET', path: '/auth/me', headers: { authorization: `Bearer ${token}` } }));
    }
    for (const refresh_token of [genuine.access, ...asRefresh]) {
      const body = JSON.stringify({ refresh_token });
      judge(await this.send({ path: '/auth/refresh', headers: { 'content-type': 'application/json' }, body }));
    }
    return accepted;
  }

  private async activeUser(email: string): Promise<void> {
    const { mailbox, sample } = this.parts;
    await sample.client.post('/auth/signup', { email, password: VICTIMS_PASSWORD });
    const { status } = await sample.client.post('/auth/activate', { token: tokenIn(await mailbox.waitFor(email)) });
    if (status !== 200) throw new Error(`${email} could not be activated: ${status}`);
  }

  private async login(email: string): Promise<Pair> {
    const { body } = await this.parts.sample.client.post('/auth/login', { email, password: VICTIMS_PASSWORD });
    return { access: body.access_token, refresh: body.refresh_token };
  }

  private rows(): ReturnType<typeof plainRows> {
    return onTables(this.parts.database, plainRows);
  }

  /** What the rows say that cannot be, and what became of accounts and sessions whose owners did nothing. */
  private changes(before: Rows, after: Rows): string[] {
    const proved = new Set(before.users.map(({ id }) => id));
    const mayChange = before.users.find(({ email }) => email === INSIDER)!.id;
    const found = brokenRules(after, proved);
    const users = new Map(after.users.map((user) => [user.id, user]));
    for (const user of before.users) {
      const same = (row: PlainUser | undefined): string =>
        JSON.stringify(row && (user.id === mayChange ? guarded(row) : row));
      if (same(users.get(user.id)) !== same(user)) found.push(`the account ${user.email} was changed`);
    }
    const tokens = new Map(after.tokens.map((token) => [token.id, token]));
    for (const session of before.tokens.filter(({ purpose }) => purpose === 'session')) {
      if (JSON.stringify(tokens.get(session.id)) !== JSON.stringify(session)) found.push('a session was changed');
    }
    return found;
  }

  /** What clients send is no fault of the server, and nothing piles up. */
  private loggedFaults(): string[] {
    const lines = this.parts.sample.output
      .split('\n')
      .filter((line) => /\bERROR\b|ListenersExceeded|Warning:/.test(line));
    return lines.slice(0, 5).map((line) => `logged: ${line}`);
  }
}

interface Pair {
  access: string;
  refresh: string;
}

type Rows = { users: PlainUser[]; tokens: PlainToken[] };

/** What nobody changes of their own account by a request that names it: all but the profile and its date. */
function guarded({ id, email, password_hash, is_active, email_verified_at, ...others }: PlainUser): unknown {
  const { role, is_banned } = others as { role?: unknown; is_banned?: unknown };
  return { id, email, password_hash, is_active, email_verified_at, role, is_banned };
}
