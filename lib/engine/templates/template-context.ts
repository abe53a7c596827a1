import type Handlebars from 'handlebars';
import { latePackages } from '../../platform/common/late-packages.js';
import type { TemplateContext } from './template-store.js';

/** The user as templates see it: what {@link templateUser} makes of the application's entity. */
export interface TemplateUserSource {
  readonly id: string | number;
  readonly email: string;
}

/** Longest text of a user that is shown, in code points: a "name" of more is a message to whoever gets the mail. */
const MAX_TEXT_LENGTH = 64;

/** Secrets stay out even where an application lists their column by mistake. */
const NEVER_SHOWN = new Set(['password', 'passwordHash', 'password_hash']);

const HTML_ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** What a mail client turns into a link by itself: a scheme, `www.`, a host name, an IPv4 address. */
const LINKABLE =
  /:\/\/|\bwww[.。]|\b(?:mailto|tel|sms|javascript|data):|[^\s.。][.。](?:\p{L}{2,}|xn--)|(?:\d{1,3}\.){3}\d/iu;

/**
 * The frozen allow-list of a user: id, email, name and the columns the application listed (`mail.userFields`).
 * Only text, numbers, booleans and dates pass, so no template reaches a hash, a relation or a method.
 *
 * Text that {@link displayText} refuses is left out.
 */
export function templateUser(user: TemplateUserSource, fields: readonly string[]): TemplateContext {
  // Without a prototype there is no `constructor` to look up.
  const shown = Object.create(null) as Record<string, unknown>;
  for (const field of ['name', ...fields]) {
    if (!NEVER_SHOWN.has(field)) shown[field] = shownValue(Reflect.get(user, field));
  }
  shown.id = user.id;
  shown.email = user.email;
  return Object.freeze(shown);
}

/**
 * A text a stranger may have written, fit to be shown in a mail: on one line, without control characters; undefined
 * when it is longer than 64 characters or when a mail client would make a link of it. Signing up with the address of
 * a victim and the name `your-prize.example` must not make this application send phishing mail.
 */
export function displayText(text: string): string | undefined {
  const line = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
  if (!line || [...line].length > MAX_TEXT_LENGTH) return undefined;
  // Compared without invisible characters and in compatibility form: a fullwidth dot links like a dot.
  const plain = line.replace(/\p{Cf}/gu, '').normalize('NFKC');
  return LINKABLE.test(plain) ? undefined : line;
}

/**
 * An address as a page may show it to whoever holds a link: `k…@example.com`.
 * The page must not tell a leaked link's finder the full address.
 */
export function emailHint(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, Math.min(at, 1))}…${email.slice(at)}`;
}

/** An instant in words, in UTC because a mail does not know its reader's time zone: `22 November 2026, 11:30 UTC`. */
export function instantText(instant: Date, locale: string): string {
  // Plain English has no order of day and month that all readers share; the day first matches most of the world.
  const language = locale === 'en' ? 'en-GB' : locale;
  const timeZone = 'UTC';
  const date = instant.toLocaleDateString(language, { timeZone, day: 'numeric', month: 'long', year: 'numeric' });
  const time = instant.toLocaleTimeString(language, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return `${date}, ${time} UTC`;
}

/**
 * A link, ready for an attribute or the text of an HTML template. Only `&`, `<`, `>` and quotes are escaped, so that
 * `?token=` reads the same in the source as in the browser (Handlebars alone would write `&#x3D;`).
 *
 * @throws when the link is neither http(s) nor a path of this origin: `javascript:` must never become a button
 */
export function htmlLink(link: string): Handlebars.SafeString {
  if (!/^(?:https?:\/\/|\/(?![/\\]))[^\s\p{Cc}\\]*$/iu.test(link))
    throw new Error('A link in a template must be http(s).');
  const { SafeString } = latePackages.handlebars();
  return new SafeString(link.replace(/[&<>"'`]/g, (character) => HTML_ENTITIES[character]!));
}

function shownValue(value: unknown): unknown {
  if (typeof value === 'string') return displayText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  return value instanceof Date ? new Date(value) : undefined;
}
