import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { DatabaseKind } from '../support/database-servers.js';
import { Mailbox, tokenIn } from '../support/mailbox.js';
import { createDatabase, type TestDatabase } from '../support/new-database.js';
import { type SampleProcess, startSampleProcess } from '../support/sample-process.js';
import { type Fault, type Figure, none, type Size } from './fault.js';
import { type Call, Caller, type Reply } from './support/caller.js';
import { readTables } from './support/invariants.js';

/** Five requests each. */
const PEOPLE = 20;
const PASSWORD = 'quarry-Lantern-51c0ffee';
/** Recipients at which the mail server hangs. */
const HANGING = 3;
/** How long the tables stay locked after the signal: so long nothing can be answered. */
const HELD_MS = 1000;
const MOST_SECONDS = 10;
/** How long a mail may take on a busy machine. */
const PATIENCE_MS = 60_000;

type Adapter = 'express' | 'fastify';
const RUNS: Record<Size, [DatabaseKind, Adapter][]> = {
  short: [
    ['postgres', 'express'],
    ['mariadb', 'fastify'],
  ],
  whole: (['postgres', 'mariadb'] as const).flatMap((kind) =>
    (['express', 'fastify'] as const).map((adapter): [DatabaseKind, Adapter] => [kind, adapter]),
  ),
};

/** A request and the status it must be answered with. */
type Expected = Call & { status: number };

export const fault: Fault = {
  claim:
    'On SIGTERM what is under way is answered, mail on its way is given back, and the process is gone within ten seconds.',
  bars: ['C11'],
  async run(size) {
    const figures: Figure[] = [];
    for (const [kind, adapter] of RUNS[size]) figures.push(...(await shutDown(kind, adapter)));
    return figures;
  },
};

async function shutDown(kind: DatabaseKind, adapter: Adapter): Promise<Figure[]> {
  const database = await createDatabase(kind);
  const mailbox = await new Mailbox().goUp();
  mailbox.patienceMs = PATIENCE_MS;
  let app: SampleProcess | undefined;
  let tables: DataSource | undefined;
  try {
    app = await startSampleProcess(database, mailbox, { HTTP_ADAPTER: adapter, AUTH_UNIFORM_ANSWER_MS: '1' });
    const caller = new Caller(app.origin);
    const requests = await prepare(caller, mailbox);
    await hang(caller, mailbox);
    tables = await new DataSource(database.options).initialize();
    return await measure(`(${kind}, ${adapter})`, { app, database, tables, requests });
  } finally {
    await tables?.destroy();
    await app?.stop();
    await mailbox.goDown();
    await database.drop();
  }
}

interface Stage {
  app: SampleProcess;
  database: TestDatabase;
  tables: DataSource;
  requests: Expected[];
}

async function measure(where: string, { app, database, tables, requests }: Stage): Promise<Figure[]> {
  const unlock = await lockTables(tables);
  // Connections that are new: the server may just be closing those that were idle for a while.
  const fresh = new Caller(app.origin);
  let early = 0;
  let isSignalled = false;
  const replies = requests.map(async (request) => {
    const reply = await fresh.send(request);
    if (!isSignalled) early++;
    return reply;
  });
  // Answered one after the other by a process that takes connections in their order: the others have arrived by then.
  const watch = new Caller(app.origin);
  for (let count = 0; count < 3; count++) await watch.send({ method: 'GET', path: '/sample/info' });
  await delay(200);
  watch.close();

  isSignalled = true;
  const signalledAt = Date.now();
  app.kill('SIGTERM');
  await delay(HELD_MS);
  await unlock();
  const answers = await Promise.all(replies);
  const late = await refusedAfter(app, signalledAt);
  const { code } = await app.exited;
  const seconds = (Date.now() - signalledAt) / 1000;
  const wrong = answers.map((reply, index) => complaint(reply, requests[index]!)).filter((text) => text !== undefined);
  const claimed = await stillClaimed(database);
  const errors = app.output.split('\n').filter((line) => line.includes('ERROR'));
  for (const line of [...wrong, ...errors]) console.log(`${where}: ${line}`);
  return [
    none(`of ${requests.length} requests answered before the signal ${where}`, early),
    none(`not answered, or not as ever ${where}`, wrong.length),
    none(`new connections accepted at the end ${where}`, late),
    none(`mails still claimed by the process that is gone, of ${HANGING} ${where}`, claimed),
    none(`errors in its log, such as of a database that was closed ${where}`, errors.length),
    { what: `exit code ${where}`, measured: String(code), bar: '0', holds: code === 0 },
    {
      what: `from signal to exit ${where}`,
      measured: `${seconds.toFixed(1)} s`,
      bar: `at most ${MOST_SECONDS} s`,
      holds: seconds <= MOST_SECONDS,
    },
  ];
}

/** Accounts, and five requests of each that all need the database. */
async function prepare(caller: Caller, mailbox: Mailbox): Promise<Expected[]> {
  const people = Array.from({ length: PEOPLE }, (_, index) =>
    requestsOf(caller, mailbox, `person-${index}@example.com`),
  );
  return (await Promise.all(people)).flat();
}

async function requestsOf(caller: Caller, mailbox: Mailbox, email: string): Promise<Expected[]> {
  await expectAnswer(caller, { method: 'POST', path: '/auth/signup', body: { email, password: PASSWORD } });
  const token = tokenIn(await mailbox.waitFor(email));
  const session = await expectAnswer(caller, { method: 'POST', path: '/auth/activate', body: { token } });
  const bearer = String(session['access_token']);
  const change = { new_email: `new-${email}`, current_password: PASSWORD };
  return [
    { method: 'POST', path: '/auth/login', body: { email, password: PASSWORD }, status: 200 },
    { method: 'POST', path: '/auth/refresh', body: { refresh_token: session['refresh_token'] }, status: 200 },
    { method: 'PATCH', path: '/auth/me', body: { name: 'Ann' }, bearer, status: 200 },
    { method: 'POST', path: '/auth/password-reset/request', body: { email }, status: 202 },
    { method: 'POST', path: '/auth/email-change/request', body: change, bearer, status: 202 },
  ];
}

/** Has mails on their way that do not arrive. */
async function hang(caller: Caller, mailbox: Mailbox): Promise<void> {
  for (let index = 0; index < HANGING; index++) {
    const email = `hanging-${index}@example.com`;
    mailbox.behaviourTo.set(email, 'hang');
    await expectAnswer(caller, { method: 'POST', path: '/auth/signup', body: { email, password: PASSWORD } });
  }
  await mailbox.waitUntilHanging(HANGING);
}

/** Nobody else reads or writes accounts until the returned function is called. */
async function lockTables(tables: DataSource): Promise<() => Promise<void>> {
  const runner = tables.createQueryRunner();
  if (tables.options.type === 'postgres') {
    await runner.startTransaction();
    await runner.query('LOCK TABLE users, user_tokens IN ACCESS EXCLUSIVE MODE');
  } else {
    await runner.query('LOCK TABLES users WRITE, user_tokens WRITE');
  }
  return async () => {
    if (runner.isTransactionActive) await runner.commitTransaction();
    else await runner.query('UNLOCK TABLES');
    await runner.release();
  };
}

/** How many of some new connections are still served when everything under way is answered. */
async function refusedAfter(app: SampleProcess, signalledAt: number): Promise<number> {
  const caller = new Caller(app.origin);
  let accepted = 0;
  do {
    const reply = await caller.send({ method: 'GET', path: '/sample/info' }, 2000);
    caller.close();
    if (reply.kind === 'refused') return 0;
    accepted++;
    await delay(50);
  } while (Date.now() - signalledAt < MOST_SECONDS * 1000);
  return accepted;
}

async function stillClaimed(database: TestDatabase): Promise<number> {
  const { tokens } = await readTables(database);
  return tokens.filter(({ mailDueAt }) => mailDueAt !== null && mailDueAt > Date.now()).length;
}

function complaint(reply: Reply, { method, path, status }: Expected): string | undefined {
  if (reply.kind !== 'answer') return `${method} ${path}: ${reply.kind}`;
  if (reply.status === status) return undefined;
  return `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`;
}

async function expectAnswer(caller: Caller, call: Call): Promise<Record<string, unknown>> {
  const reply = await caller.send(call);
  if (reply.kind !== 'answer' || reply.status >= 300) throw new Error(`${call.path}: ${JSON.stringify(reply)}`);
  return reply.body;
}
