import { AuthError } from '../../platform/common/auth.errors.js';
import { canonicalEmail } from '../../platform/common/email.js';
import { canonicalUsername } from '../../platform/common/username.js';

/** Address or username, exactly one of them, and password. */
export interface Credentials {
  /** Canonical address. */
  email?: string;
  /** Username or address, as typed. */
  username?: string;
  password: string;
}

/** What an account is looked up by, in its canonical spelling. */
export type LoginKey = { email: string; username?: never } | { email?: never; username: string };

/**
 * What a login states its account by, as it is.
 * @throws AuthError INPUT_INVALID for both of address and username, or neither
 */
export function statedIdentifier({ email, username }: Credentials): string {
  // Two names for one account: whoever inspects the request on its way could look at the other one.
  if (email !== undefined && username !== undefined) throw refused('must not stand beside email');
  const identifier = email ?? username;
  if (identifier === undefined) throw refused('or email must be given');
  return identifier;
}

/**
 * What to look the account up by. A client with one field for both sends it as `username`: what has an `@` in it is an
 * address, since no username has.
 * @throws AuthError INPUT_INVALID for what is neither address nor username, for both at once, and for a `username` where
 * accounts have none
 */
export function identify(credentials: Credentials, haveUsernames: boolean): LoginKey {
  const identifier = statedIdentifier(credentials);
  if (credentials.username === undefined) return { email: identifier };
  if (!haveUsernames) throw refused('is not a known field');
  const email = canonicalEmail(identifier);
  if (email !== undefined) return { email };
  const username = canonicalUsername(identifier);
  if (username === undefined) throw refused('must be a username or an e-mail address');
  return { username };
}

function refused(fault: string): AuthError {
  return new AuthError('INPUT_INVALID', { errors: [{ field: 'username', messages: [`username ${fault}`] }] });
}
