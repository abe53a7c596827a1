import { setTimeout as delay } from 'node:timers/promises';
import { Mailbox } from '../support/mailbox.js';
import type { TestDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { allDone } from './support/all-done.js';
import { Caller } from './support/caller.js';
import type { Guest } from './support/endpoint-loads.js';
import { EndpointGuest, makeGuests, type Mounted, mountedEndpoints, type Tally } from './support/guests.js';
import { readTables, violationsIn } from './support/invariants.js';
import { allDelivered, lostMails } from './support/mails.js';
import { type Going, OwnServer } from './support/own-server.js';
import { followAgain, verify } from './support/verify.js';
import { Visitors } from './support/visitors.js';

/** Requests to the endpoint under way at any moment, where each has a restart of its own. */
const AT_ONCE = 8;
const VISITORS = 6;
/** How long a server is away, beside the time it takes to stop and to start. */
const AWAY_MS = 200;
/** How long it may take until the application serves again, on a busy machine. */
const PATIENCE_MS = 60_000;
const MAIL_PATIENCE_MS = 180_000;

type Kind = 'postgres' | 'mariadb';

export const fault: Fault = {
  claim:
    'A database server that is restarted during any endpoint costs answers (503 with Retry-After), and nothing that was acknowledged.',
  bars: ['C4'],
  async run(size) {
    const kinds: Kind[] = ['postgres', 'mariadb'];
    return (await allDone(kinds.map((kind) => restartUnder(kind, size)))).flat();
  },
};

async function restartUnder(kind: Kind, size: Size): Promise<Figure[]> {
  const server = await OwnServer[kind]();
  const mailbox = await new Mailbox().goUp();
  mailbox.patienceMs = PATIENCE_MS;
  let app: SampleProcess | undefined;
  try {
    const database = await server.createDatabase();
    app = await startSampleProcess(database, mailbox, {
      // With the pages, it has every endpoint.
      AUTH_MODE: 'E',
      AUTH_PUBLIC_URL: 'http://localhost:3000',
      AUTH_MAIL_POLL_SECONDS: '1',
      JWT_REFRESH_GRACE_SECONDS: '300',
      JWT_ACCESS_TTL_SECONDS: '7200',
    });
    const stage = new Stage(server, database, mailbox, new Caller(app.origin));
    await stage.prepare();
    for (const [going, endpoints] of stage.rounds(size)) await stage.round(going, endpoints);
    return await stage.report(kind);
  } finally {
    await app?.stop();
    await server.dispose();
    await mailbox.goDown();
  }
}

class Stage {
  private endpoints: Mounted[] = [];
  private guests: Guest[] = [];
  private restarts = 0;
  private slowestMs = 0;
  private readonly wrong: string[] = [];
  private readonly tally: Tally = { right: 0, unavailable: 0, wrong: [] };
  private readonly visitors: Visitors;

  constructor(
    private readonly server: OwnServer,
    private readonly database: TestDatabase,
    private readonly mailbox: Mailbox,
    private readonly caller: Caller,
  ) {
    this.visitors = new Visitors(caller, mailbox, { seed: 7, visitors: VISITORS, unavailable: true });
  }

  async prepare(): Promise<void> {
    this.endpoints = await mountedEndpoints(this.caller);
    this.guests = await makeGuests(this.caller, this.mailbox, this.endpoints.length);
  }

  /** All endpoints at once, either way; in a whole run each by itself as well, the ways in turn. */
  rounds(size: Size): [Going, Mounted[]][] {
    const together: [Going, Mounted[]][] = [
      ['fast', this.endpoints],
      ['crash', this.endpoints],
    ];
    if (size === 'short') return together;
    const each = this.endpoints.map((endpoint, index): [Going, Mounted[]] => [
      index % 2 === 0 ? 'crash' : 'fast',
      Array.from({ length: AT_ONCE }, () => endpoint),
    ]);
    return [...together, ...each];
  }

  /** One restart in the midst of requests to some endpoints, and of visitors. */
  async round(going: Going, endpoints: Mounted[]): Promise<void> {
    const askers = endpoints.map(
      (endpoint, index) => new EndpointGuest(this.caller, this.guests[index]!, endpoint, this.tally),
    );
    const busy = Promise.all([this.visitors.visit(), ...askers.map((asker) => asker.ask())]);
    await this.servedSince(askers, 1);
    await this.server.restart(going, AWAY_MS);
    this.restarts++;
    const readyAt = Date.now();
    await this.servedSince(askers, readyAt);
    this.slowestMs = Math.max(this.slowestMs, Date.now() - readyAt);
    for (const asker of askers) asker.stop();
    this.visitors.pause();
    await busy;
    await this.look(this.visitors.accounts.filter(({ isTouched }) => isTouched));
    if (this.restarts % 10 === 0) console.log(`${this.server.url.protocol} ${this.restarts} restarts`);
  }

  async report(kind: Kind): Promise<Figure[]> {
    const owed = await allDelivered(this.database, MAIL_PATIENCE_MS);
    this.wrong.push(...(await followAgain(this.caller, this.visitors.accounts)));
    await this.look(this.visitors.accounts);
    const lost = lostMails(this.visitors.accounts, this.mailbox);
    const answers = [...this.tally.wrong, ...this.visitors.complaints];
    for (const line of [...answers, ...this.wrong, ...lost]) console.log(`${kind}: ${line}`);
    const on = (what: string): string =>
      `${what} (${kind}, ${this.restarts} restarts, ${this.endpoints.length} endpoints)`;
    const { right, unavailable } = this.tally;
    const seconds = (this.slowestMs / 1000).toFixed(1);
    return [
      {
        what: on('requests answered as ever, and with 503'),
        measured: `${right}, ${unavailable}`,
        holds: unavailable > 0,
      },
      none(on('answered with anything else, cut off, or left hanging'), answers.length),
      { what: on('until every endpoint served again, at most'), measured: `${seconds} s`, holds: true },
      { what: on('operations of visitors acknowledged'), measured: String(this.visitors.total), holds: true },
      none(on('acknowledged and lost, half done, or against an invariant'), this.wrong.length),
      none(on('mails lost'), lost.length + owed),
    ];
  }

  private async look(accounts: Visitors['accounts']): Promise<void> {
    const tables = await readTables(this.database);
    this.wrong.push(...violationsIn(tables), ...(await verify(this.caller, accounts, tables)));
  }

  /** Waits until everybody has been answered as ever since a moment. */
  private async servedSince(askers: EndpointGuest[], since: number): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (askers.some(({ lastRight }) => lastRight < since)) {
      if (Date.now() > end) {
        this.wrong.push(`an endpoint is not served ${PATIENCE_MS / 1000} s after the server was back`);
        return;
      }
      await delay(20);
    }
  }
}
