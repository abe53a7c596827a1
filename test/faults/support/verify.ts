import { type Account, enter, type World } from './account.js';
import type { Caller, Reply } from './caller.js';
import type { Tables } from './invariants.js';
import { sessionIn } from './operations.js';

/** What a client, and a look into the tables, find out about an account. */
interface Findings {
  /** Keys of the sessions that are let in. */
  sessions: Map<number, boolean>;
  /** `address password` of each pair that was tried, and whether it logs in. */
  logins: Map<string, boolean>;
  /** By address: absent, or whether it is active. */
  rows: Map<string, boolean>;
  name?: unknown;
}

const AT_ONCE = 8;

/**
 * Compares accounts with the journal: each must be exactly what was acknowledged, or, where an operation was left
 * unanswered, exactly as before it or exactly as after it. The journal goes on from what was found.
 * @returns what is wrong, in words
 */
export async function verify(caller: Caller, accounts: readonly Account[], tables: Tables): Promise<string[]> {
  const rows = new Map(tables.users.map(({ email, isActive }) => [email, isActive]));
  const waiting = [...accounts];
  const wrong: string[] = [];
  const work = async (): Promise<void> => {
    for (let account = waiting.pop(); account; account = waiting.pop()) {
      wrong.push(...(await verifyOne(caller, account, rows)));
      account.isTouched = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return wrong;
}

/**
 * Follows every link that has been followed once more.
 * @returns those that worked again, in words
 */
export async function followAgain(caller: Caller, accounts: readonly Account[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [, call] of accounts.flatMap(({ spent }) => [...spent])) {
    const { status } = expectAnswer(await caller.send(call));
    if (status !== 400 && status !== 409) wrong.push(`a used link was answered ${status} by ${call.path}`);
  }
  return wrong;
}

async function verifyOne(caller: Caller, account: Account, rows: Map<string, boolean>): Promise<string[]> {
  const { unknown } = account;
  const worlds = unknown ? [account.now, unknown.world] : [account.now];
  let findings: Findings;
  try {
    findings = await explore(caller, account, worlds, rows);
  } catch (error) {
    return [`account ${account.number} could not be looked at: ${String(error)}`];
  }
  const complaints = worlds.map((world) => differences(world, findings));
  const found = complaints.findIndex(({ length }) => length === 0);
  const after = unknown ? ` after an unanswered "${unknown.operation.name}"` : '';
  if (found < 0) {
    // Not again at every look.
    account.unknown = undefined;
    account.now = { ...account.now, state: 'gone', sessions: [] };
    account.former = [];
    account.ended = [];
    return [`account ${account.number}${after}: ${complaints.map((each) => each.join(', ')).join('; or else ')}`];
  }
  if (unknown && found === 1) enter(account, unknown);
  account.unknown = undefined;
  return unknown?.operation.name === 'refresh'
    ? refreshAgain(caller, account, unknown.operation.call.body!, after)
    : [];
}

/** A client whose answer was lost sends the same token again, and must get a pair: the first, or the same successor. */
async function refreshAgain(caller: Caller, account: Account, body: Record<string, unknown>, after: string) {
  const session = account.now.sessions.find(({ refresh }) => refresh === body['refresh_token']);
  if (!session) return [];
  const answer = expectAnswer(await caller.send({ method: 'POST', path: '/auth/refresh', body }));
  const [renewed] = sessionIn(answer.body, session.key);
  if (!renewed) return [`account ${account.number}${after}: the token was refused when sent again, ${answer.status}`];
  const sessions = account.now.sessions.map((each) => (each === session ? renewed : each));
  account.now = { ...account.now, sessions };
  return [];
}

async function explore(
  caller: Caller,
  account: Account,
  worlds: World[],
  rows: Map<string, boolean>,
): Promise<Findings> {
  const findings: Findings = { sessions: new Map(), logins: new Map(), rows };
  const known = [...worlds.flatMap(({ sessions }) => sessions), ...account.ended];
  for (const { key, access } of new Map(known.map((session) => [session.key, session])).values()) {
    const { status, body } = expectAnswer(await caller.send({ method: 'GET', path: '/auth/me', bearer: access }));
    if (status !== 200 && status !== 401) throw new Error(`GET me answered ${status}`);
    findings.sessions.set(key, status === 200);
    if (status === 200) findings.name = body['name'];
  }
  const pairs = worlds.flatMap(({ email, password }) => (password === null ? [] : [{ email, password }]));
  for (const { email, password } of [...pairs, ...account.former]) {
    const pair = `${email} ${password}`;
    if (findings.logins.has(pair)) continue;
    const call = { method: 'POST', path: '/auth/login', body: { email, password } } as const;
    const { status, body } = expectAnswer(await caller.send(call));
    if (status !== 200 && status !== 401) throw new Error(`login answered ${status}`);
    findings.logins.set(pair, status === 200);
    if (status === 200) await leaveAgain(caller, String(body['refresh_token']));
  }
  return findings;
}

async function leaveAgain(caller: Caller, token: string): Promise<void> {
  await caller.send({ method: 'POST', path: '/auth/logout', body: { refresh_token: token } });
}

function differences(world: World, { sessions, logins, rows, name }: Findings): string[] {
  const found: string[] = [];
  const isActive = world.state === 'active';
  const expected = isActive ? true : world.state === 'pending' ? false : undefined;
  if (rows.get(world.email) !== expected) found.push(`${world.email} should be ${world.state}`);
  const live = new Set(world.sessions.map(({ key }) => key));
  for (const [key, isLive] of sessions) {
    if (isLive !== live.has(key)) found.push(isLive ? 'a session that has ended is let in' : 'a session is refused');
  }
  const pair = `${world.email} ${world.password}`;
  for (const [tried, isOpen] of logins) {
    if (isOpen !== (isActive && tried === pair)) found.push(`"${tried}" ${isOpen ? 'logs in' : 'does not log in'}`);
  }
  if (isActive && live.size > 0 && name !== world.name) found.push(`is called "${String(name)}", not "${world.name}"`);
  return found;
}

function expectAnswer(reply: Reply): Extract<Reply, { kind: 'answer' }> {
  if (reply.kind !== 'answer') throw new Error(`a request was not answered: ${reply.kind}`);
  return reply;
}
