import type { TimedClient, TimedRequest } from './timed-client.js';
import { ADDRESSES, newAddress, OWN_PASSWORD } from './timed-people.js';

/** The A/A arm: nobody has these addresses either. */
export const AGAIN = 'nobody again';

/** Requests of one kind, by whom they are about; the first of them is what all others are compared with. */
export interface TimedFlow {
  name: string;
  /** By name of the arm: `nobody`, {@link AGAIN}, and those who have an account. */
  arms: ReadonlyMap<string, () => TimedRequest>;
}

const { mover, ...WHOSE } = ADDRESSES;

const asking =
  (path: string, status: number, more: object) =>
  (address: () => string): (() => TimedRequest) =>
  () => ({ path, status, body: { email: address(), ...more } });

function flow(
  name: string,
  ask: (address: () => string) => () => TimedRequest,
  known: readonly (keyof typeof WHOSE)[],
): TimedFlow {
  const arms = new Map([['nobody', ask(newAddress)]]);
  arms.set(AGAIN, ask(newAddress));
  for (const whose of known)
    arms.set(
      whose,
      ask(() => WHOSE[whose]),
    );
  return { name, arms };
}

const STATES = ['active', 'pending', 'deactivated', 'deleted'] as const;

/** A password that nobody has, for an account in every state; `bcrypt` is one that nothing can read here. */
export const login = flow('login', asking('/auth/login', 401, { password: 'wrong but long enough' }), [
  ...STATES,
  'passwordless',
  'bcrypt',
]);

/** The same where imported hashes are verified, and refusals have a clock of their own. */
export const importedLogin = flow(
  'login, imported hashes',
  asking('/auth/login', 401, { password: 'wrong but long enough' }),
  ['active', 'passwordless', 'bcrypt', 'argon2i'],
);

export const signup = flow('signup', asking('/auth/signup', 201, { password: OWN_PASSWORD }), STATES);
export const resend = flow('resend', asking('/auth/activation/resend', 202, {}), STATES);
export const resetRequest = flow('reset request', asking('/auth/password-reset/request', 202, {}), STATES);

/** The change of one account's address, to one that is free, taken, its own, or waits elsewhere. */
export async function emailChange(client: TimedClient): Promise<TimedFlow> {
  const bearer = await client.bearer(mover, OWN_PASSWORD);
  const ask = (address: () => string) => () => ({
    path: '/auth/email-change/request',
    status: 202,
    body: { new_email: address(), current_password: OWN_PASSWORD },
    bearer,
  });
  const { arms } = flow('e-mail change', ask, ['active', 'pending', 'deleted', 'elsewhere']);
  return { name: 'e-mail change', arms: new Map([...arms, ['own', ask(() => mover)]]) };
}

/** Bursts of one kind: the request about one address, and how it is asked about others. */
export const BURSTS = {
  login: asking('/auth/login', 401, { password: 'wrong but long enough' }),
  signup: asking('/auth/signup', 201, { password: OWN_PASSWORD }),
  resend: asking('/auth/activation/resend', 202, {}),
  'reset request': asking('/auth/password-reset/request', 202, {}),
} as const;

/** The same requests for fewer arms: nobody, nobody again, and those named. */
export function only({ name, arms }: TimedFlow, ...known: string[]): TimedFlow {
  return { name, arms: new Map([...arms].filter(([arm]) => arm.startsWith('nobody') || known.includes(arm))) };
}
