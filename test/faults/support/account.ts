import type { ReceivedMail } from '../../support/mailbox.js';
import type { Call } from './caller.js';

/** Tokens of one device. */
export interface KnownSession {
  /** Stays the same when the tokens rotate. */
  readonly key: number;
  readonly access: string;
  readonly refresh: string;
}

/** What an account can be like, as far as a client can tell. */
export interface World {
  readonly state: 'none' | 'pending' | 'active' | 'gone';
  readonly email: string;
  /** Null after an undo, which leaves no password that works. */
  readonly password: string | null;
  readonly name: string | null;
  readonly sessions: readonly KnownSession[];
}

/** What a mail is about, told by where its link leads; a notice has none. */
export type MailKind = 'activation' | 'reset' | 'change' | 'undo' | 'notice';

/** A mail that an acknowledged answer promised. */
export interface PromisedMail {
  readonly to: string;
  readonly kind: MailKind;
  /** When it was asked for, in milliseconds since the epoch. */
  readonly since: number;
}

/** Something a visitor can do to an account. */
export interface Operation {
  readonly name: string;
  readonly call: Call;
  /** What the account is like when it was done. The answer is absent where nobody has seen it. */
  world(answer?: Record<string, unknown>): World;
  /** Mails that it promises. */
  readonly promises?: readonly { to: string; kind: MailKind }[];
  /** Mails that are pointless once it is done. */
  readonly waives?: readonly MailKind[];
  /** The link it follows. */
  readonly link?: string;
  /** What is noted of it as soon as it is begun. */
  begun?(account: Account, at: number): void;
  /** What is noted of it when it is done. */
  done?(account: Account, at: number): void;
}

/** Something that was begun and not answered. */
export interface Unanswered {
  readonly operation: Operation;
  /** What the account is like if it was done after all. */
  readonly world: World;
  readonly at: number;
}

/** The journal of one account: what was acknowledged, and what nobody knows. */
export interface Account {
  readonly number: number;
  now: World;
  /** An operation that was not answered: done as a whole or not at all. */
  unknown?: Unanswered;
  /** Address and password that must not open it any more; the last few. */
  former: { email: string; password: string }[];
  /** Sessions that must be refused; the last few. */
  ended: KnownSession[];
  /** Links that have been followed, and by what request. */
  spent: Map<string, Call>;
  promises: PromisedMail[];
  /** When the newest reset link was asked for; absent where none is to be expected. */
  resetSince?: number;
  /** The newest change of address that was asked for. */
  change?: { address: string; since: number };
  /** Where the last change of address can be taken back. */
  undo?: { address: string; since: number };
  /** True where something was done to it since it was last looked at. */
  isTouched: boolean;
}

const KEPT = 3;

/** Notes what was done to it and acknowledged, or was found to be done: it is like `world` now. */
export function enter(account: Account, { operation, world, at }: Unanswered): void {
  const { now } = account;
  const lived = new Set(world.sessions.map(({ key }) => key));
  const ended = now.sessions.filter(({ key }) => !lived.has(key));
  account.ended = [...account.ended, ...ended].slice(-KEPT);
  const isLeft = now.email !== world.email || now.password !== world.password || world.state === 'gone';
  if (isLeft && now.password !== null && now.state === 'active') {
    account.former = [...account.former, { email: now.email, password: now.password }].slice(-KEPT);
  }
  account.promises.push(...(operation.promises ?? []).map(({ to, kind }) => ({ to, kind, since: at })));
  if (operation.link) account.spent.set(operation.link, operation.call);
  operation.done?.(account, at);
  account.now = world;
  account.unknown = undefined;
}

/** What is begun may end links: their mails are then not sent any more, and rightly so. */
export function waive(account: Account, kinds: readonly MailKind[]): void {
  account.promises = account.promises.filter(({ kind }) => !kinds.includes(kind));
}

/** Paths of the front end, and those of mode E. */
const PATHS: readonly [RegExp, MailKind][] = [
  [/\/activate[?/]/, 'activation'],
  [/\/reset-password\?|\/password-reset\//, 'reset'],
  [/\/undo-email-change\?|\/email-change\/undo\//, 'undo'],
  [/\/confirm-email\?|\/email-change\//, 'change'],
];

/** What a mail is about. */
export function kindOf({ text = '' }: ReceivedMail): MailKind {
  return PATHS.find(([path]) => path.test(text))?.[1] ?? 'notice';
}

/** The id of the row that owes a mail, which is in its Message-ID. */
export function idOf({ messageId = '' }: ReceivedMail): string {
  return /^<([^@]+)@/.exec(messageId)?.[1] ?? messageId;
}

/** When that row was written: its id is a UUID v7. */
export function writtenAt(mail: ReceivedMail): number {
  return Number.parseInt(idOf(mail).replaceAll('-', '').slice(0, 12), 16);
}
