import type { Answer } from '../../support/client.js';
import { tokenIn } from '../../support/mailbox.js';
import { type Figure, none } from '../fault.js';
import { NAMES, PASSWORD, type Site } from './site.js';

const CROWD = 50;

/** What came of one round. */
interface Round {
  winners: number;
  /** What should not have been, in words. */
  surprises: string[];
}

const chosen = (index: number): string => `a long enough secret, number ${index}`;

/** One thing that many want at the same moment, and only one may have. */
type Race = (site: Site) => Promise<Round>;

const RACES: Record<string, Race> = {
  'activation link': async (site) => {
    const email = site.newEmail('activation');
    const token = await site.activationLink(email);
    const answers = await site.fleet.crowd(CROWD, (client) => client.post('/auth/activate', { token }));
    const round = oneWinner(answers, 'ACTIVATION_ALREADY_DONE');
    await expectRows(site, round, email, 'session', 1);
    return round;
  },
  'reset link': async (site) => {
    const email = site.newEmail('reset');
    await site.activeUser(email);
    await site.expect(202, site.fleet.next.post('/auth/password-reset/request', { email }));
    const token = tokenIn(await site.mailbox.waitFor(email, 2));
    const answers = await site.fleet.crowd(CROWD, (client, index) =>
      client.post('/auth/password-reset/confirm', { token, new_password: chosen(index) }),
    );
    const round = oneWinner(answers, 'PASSWORD_RESET_ALREADY_DONE');
    const winner = answers.findIndex(({ status }) => status === 200);
    for (const [index, status] of [
      [winner, 200],
      [winner === 0 ? 1 : 0, 401],
    ] as const) {
      const login = await site.login(email, chosen(index));
      if (login.status !== status) round.surprises.push(`login ${login.status} in place of ${status}`);
    }
    await expectRows(site, round, email, 'password-changed-notice', 1);
    return round;
  },
  'e-mail change': async (site) => {
    const [email, new_email] = [site.newEmail('before'), site.newEmail('after')];
    const { access_token: bearer } = await site.activeUser(email);
    const change = { new_email, current_password: PASSWORD };
    await site.expect(202, site.fleet.next.post('/auth/email-change/request', change, { bearer }));
    const token = tokenIn(await site.mailbox.waitFor(new_email));
    const answers = await site.fleet.crowd(CROWD, (client) => client.post('/auth/email-change/confirm', { token }));
    const round = oneWinner(answers, 'EMAIL_CHANGE_ALREADY_DONE');
    await expectRows(site, round, new_email, 'email-change-undo', 1);
    return round;
  },
  'refresh token': async (site) => {
    const email = site.newEmail('refresh');
    const { refresh_token } = await site.activeUser(email);
    const round = sameSuccessor(
      await site.fleet.crowd(CROWD, (client) => client.post('/auth/refresh', { refresh_token })),
    );
    await expectRows(site, round, email, 'session', 1, 'generation = 1 AND revoked_at IS NULL');
    return round;
  },
  'new address at signup': async (site) => {
    const email = site.newEmail('signup');
    const answers = await site.fleet.crowd(CROWD, (client) =>
      client.post('/auth/signup', { email, password: PASSWORD }),
    );
    const different = new Set(answers.map(({ status, text }) => `${status} ${text}`));
    const surprises = different.size === 1 && answers[0]!.status === 201 ? [] : [...different];
    return { winners: await site.count(`SELECT count(*) FROM users WHERE email = '${email}'`), surprises };
  },
};

/**
 * Each race so many rounds, 50 at a time in turn to every instance; and a hundred times two for the refresh token, since
 * two are what a browser with two tabs has.
 */
export async function races(site: Site, rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const surprises: string[] = [];
  for (const [name, race] of Object.entries(RACES)) {
    let winners = 0;
    for (let round = 0; round < rounds; round++) {
      const result = await race(site);
      winners += result.winners;
      surprises.push(...result.surprises.map((surprise) => `${name}: ${surprise}`));
    }
    figures.push(exactly(`winners of ${rounds} x ${CROWD} parallel: ${name} (${NAMES[site.kind]})`, winners, rounds));
  }
  const twos = await pairs(site, rounds * 5);
  figures.push(
    exactly(`winners of ${rounds * 5} x 2 parallel: refresh token (${NAMES[site.kind]})`, twos.winners, rounds * 5),
  );
  surprises.push(...twos.surprises);
  for (const surprise of surprises.slice(0, 10)) console.error(surprise);
  figures.push(
    none(`answers and rows of these races that are not as documented (${NAMES[site.kind]})`, surprises.length),
  );
  return figures;
}

/** One session, refreshed again and again by two at a time. */
async function pairs(site: Site, rounds: number): Promise<Round> {
  const email = site.newEmail('pairs');
  let { refresh_token } = await site.activeUser(email);
  const all: Round = { winners: 0, surprises: [] };
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all([0, 1].map(() => site.fleet.next.post('/auth/refresh', { refresh_token })));
    const { winners, surprises } = sameSuccessor(answers);
    all.winners += winners;
    all.surprises.push(...surprises);
    ({ refresh_token } = answers[0]!.body as { refresh_token: string });
  }
  await expectRows(site, all, email, 'session', 1, `generation = ${rounds} AND revoked_at IS NULL`);
  return all;
}

function oneWinner(answers: Answer[], codeOfOthers: string): Round {
  const won = answers.filter(({ status }) => status === 200);
  const others = answers.filter(({ status, body }) => status !== 200 && body?.code !== codeOfOthers);
  return { winners: won.length, surprises: others.map(({ status, text }) => `${status} ${text}`) };
}

/** Within the grace time everybody is given the one successor. */
function sameSuccessor(answers: Answer[]): Round {
  const successors = new Set(
    answers.filter(({ status }) => status === 200).map(({ body }) => String(body.refresh_token)),
  );
  const others = answers.filter(({ status }) => status !== 200);
  return { winners: successors.size, surprises: others.map(({ status, text }) => `${status} ${text}`) };
}

async function expectRows(
  site: Site,
  round: Round,
  email: string,
  purpose: string,
  expected: number,
  more?: string,
): Promise<void> {
  const found = await site.rows(email, purpose, more);
  if (found !== expected) round.surprises.push(`${found} rows ${purpose} of ${email} in place of ${expected}`);
}

export function exactly(what: string, count: number, bar: number): Figure {
  return { what, measured: String(count), bar: `exactly ${bar}`, holds: count === bar };
}
