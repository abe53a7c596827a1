import type { Figure } from '../fault.js';
import { exactly } from './races.js';
import { PASSWORD, type Site } from './site.js';

const CROWD = 50;
/** `AUTH_LIMITS_LOGIN_TRIES` by default. */
export const LOGIN_TRIES = 5;
/** `AUTH_LIMITS_MAILS_PER_MAILBOX` by default, less the one that is kept for a reset. */
const SIGNUP_MAILS = 4;
const ROLLED_BACK = 8;

/** A row that the database can be told to refuse. */
interface Row {
  table: string;
  column: string;
  value: string;
}

/** The last row of the transaction that activates an account. */
const ACTIVATED: Row = { table: 'auth_events', column: 'event', value: 'user_activated' };
/** One of the transaction that signs somebody up. */
const LINKED: Row = { table: 'user_tokens', column: 'purpose', value: 'activation' };

const WRONG = 'not the passphrase of anybody';

/**
 * Guesses, and signups for one mailbox, many at a time on every instance; some of the transactions that run in between, and
 * some that were counted, are rolled back by the database.
 * @param store where the tries are counted, for the names of the figures
 */
export async function limits(site: Site, store: string): Promise<Figure[]> {
  return [...(await guesses(site, store)), ...(await mails(site, store))];
}

/** Of one account that is known, while activations of others are rolled back; and of one that is unknown. */
async function guesses(site: Site, store: string): Promise<Figure[]> {
  const known = site.newEmail('guessed');
  await site.activeUser(known);
  const links: string[] = [];
  for (let index = 0; index < ROLLED_BACK; index++) links.push(await site.activationLink(site.newEmail('rolled-back')));
  const before = site.fleet.hashes();
  const answers = await refusing(site, ACTIVATED, () =>
    site.fleet.crowd(CROWD + ROLLED_BACK, (client, index) =>
      index < CROWD ? site.login(known, WRONG, client) : client.post('/auth/activate', { token: links[index - CROWD] }),
    ),
  );
  const verified = site.fleet.hashes() - before;
  const failed = answers.slice(CROWD).filter(({ status }) => status >= 500);
  if (failed.length < ROLLED_BACK) throw new Error('the transactions were not rolled back');
  // The link of a transaction that was rolled back was not used up.
  for (const token of links) await site.expect(200, site.fleet.next.post('/auth/activate', { token }));
  const trail = `SELECT count(*) FROM auth_events WHERE event = 'authn_login_fail' AND user_id = '${await site.idOf(known)}'`;
  const refused = answers.slice(0, CROWD).filter(({ status }) => status === 429).length;
  const unknown = site.newEmail('nobody');
  const beforeUnknown = site.fleet.hashes();
  await site.fleet.crowd(CROWD, (client) => site.login(unknown, WRONG, client));
  return [
    exactly(
      `hashes of ${CROWD} parallel guesses, ${ROLLED_BACK} rollbacks in between (${store})`,
      verified,
      LOGIN_TRIES,
    ),
    exactly(`failed logins in the audit trail of them (${store})`, await site.count(trail), LOGIN_TRIES),
    exactly(`answers 429 of them (${store})`, refused, CROWD - LOGIN_TRIES),
    exactly(
      `hashes of ${CROWD} parallel guesses of an unknown account (${store})`,
      site.fleet.hashes() - beforeUnknown,
      LOGIN_TRIES,
    ),
  ];
}

/** Two signups are rolled back after they were counted; the crowd that comes then may have the rest, no more. */
async function mails(site: Site, store: string): Promise<Figure[]> {
  const email = site.newEmail('flooded');
  const signUp = { email, password: PASSWORD };
  const lost = await refusing(site, LINKED, () => site.fleet.crowd(2, (client) => client.post('/auth/signup', signUp)));
  if (lost.some(({ status }) => status < 500)) throw new Error('the signups were not rolled back');
  await site.fleet.crowd(CROWD, (client) => client.post('/auth/signup', signUp));
  const what = `links of ${CROWD} parallel signups for one mailbox after 2 that were rolled back (${store})`;
  return [exactly(what, await site.rows(email, 'activation'), SIGNUP_MAILS - 2)];
}

/**
 * The same for one network, whatever the account: needs instances with `AUTH_LIMITS_LOGIN_PER_ADDRESS`.
 * @param left what the tries before have left of it
 */
export async function networkLimit(site: Site, store: string, left: number): Promise<Figure> {
  const before = site.fleet.hashes();
  await site.fleet.crowd(CROWD, (client, index) => site.login(`somebody-${index}@example.com`, WRONG, client));
  const what = `hashes of ${CROWD} parallel guesses from one network at ${CROWD} accounts, ${left} left (${store})`;
  return exactly(what, site.fleet.hashes() - before, left);
}

/** While `use` runs, the database refuses such rows, and so rolls the transaction back that wanted one. */
async function refusing<T>(site: Site, row: Row, use: () => Promise<T>): Promise<T> {
  const { create, drop } = refusal(site.kind, row);
  for (const statement of create) await site.source.query(statement);
  try {
    return await use();
  } finally {
    await site.source.query(drop);
  }
}

function refusal(kind: Site['kind'], { table, column, value }: Row): { create: string[]; drop: string } {
  const trigger = `CREATE TRIGGER refuse_row BEFORE INSERT ON ${table} FOR EACH ROW`;
  if (kind === 'mariadb') {
    const refuse = `IF NEW.${column} = '${value}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF`;
    return { create: [`${trigger} ${refuse}`], drop: 'DROP TRIGGER refuse_row' };
  }
  const body = "BEGIN RAISE EXCEPTION 'refused'; END";
  return {
    create: [
      `CREATE OR REPLACE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$ ${body} $$`,
      `${trigger} WHEN (NEW.${column} = '${value}') EXECUTE FUNCTION refuse_row()`,
    ],
    drop: `DROP TRIGGER refuse_row ON ${table}`,
  };
}
