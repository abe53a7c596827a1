/** One day, in seconds. */
const DAY = 86_400;

/** How long a link lives: the option, its variable and its range, in seconds. */
interface TtlSetting {
  readonly path: string;
  readonly env: string;
  readonly seconds: number;
  readonly min: number;
  readonly max: number;
}

/** Where a link leads: the option, its variable, and the page of a front end that is assumed in development. */
interface UrlSetting {
  readonly path: string;
  readonly env: string;
  readonly frontEndPath: string;
}

/** The mail of a row: its HTML template, and the name its one link has there. The text part is `<name>.txt.hbs`. */
export interface PurposeMail {
  readonly template: string;
  readonly url: `${string}_url`;
}

interface CommonPurpose {
  /** True where a new proof of identity (another password, another address) ends what is left of such rows. */
  readonly endsByProof: boolean;
}

/** A signed-in device. */
interface SessionPurpose extends CommonPurpose {
  readonly kind: 'session';
}

/** A row that a mailed link redeems, once. */
export interface MailedLinkPurpose extends CommonPurpose {
  readonly kind: 'link';
  /** What the link is called in the reference of options, with its article. */
  readonly name: string;
  readonly mail: PurposeMail;
  /** True where only the link that was asked for last works. */
  readonly isNewestOnly: boolean;
  /** What following it brings about: an active account, another password, or the address that the link stands for. */
  readonly outcome: 'active' | 'password' | 'address';
  /** In front of the codes with which the flow refuses a link: `<prefix>_INVALID_TOKEN`, `<prefix>_ALREADY_DONE`. */
  readonly errors: 'ACTIVATION' | 'PASSWORD_RESET' | 'EMAIL_CHANGE';
  readonly ttl: TtlSetting;
  readonly url: UrlSetting;
  /** The option that names another template for the mail; absent where there is none. */
  readonly template?: { readonly path: string; readonly env: string };
  /** Mode E: the endpoint of the page the link opens, and the one its form posts to. */
  readonly page: string;
  readonly form: string;
}

/** A mail that tells and asks for nothing. */
interface NoticePurpose extends CommonPurpose {
  readonly kind: 'notice';
  readonly mail: PurposeMail;
}

type Purpose = SessionPurpose | MailedLinkPurpose | NoticePurpose;

/**
 * What the rows of the token table are for. Types, mails, the settings of links and their checks, the pages they open and
 * what a new proof of identity ends are derived from this table: another mailed link is one entry here, its texts and its
 * templates.
 *
 * Links that undo a change of address outlive every proof: who has taken an account over could otherwise take the way back
 * from its owner, by a change of password or a second change of address.
 */
export const PURPOSES = {
  session: { kind: 'session', endsByProof: true },
  activation: {
    kind: 'link',
    name: 'an activation link',
    endsByProof: true,
    // Each signup binds its own password to its own link: the one that is clicked decides, not the last one.
    isNewestOnly: false,
    outcome: 'active',
    errors: 'ACTIVATION',
    mail: { template: 'activation.hbs', url: 'activation_url' },
    ttl: {
      path: 'activation.ttlSeconds',
      env: 'AUTH_ACTIVATION_TTL_SECONDS',
      seconds: 7 * DAY,
      min: 1,
      max: 30 * DAY,
    },
    url: { path: 'activation.urlTemplate', env: 'AUTH_ACTIVATION_URL_TEMPLATE', frontEndPath: 'activate' },
    template: { path: 'activation.template', env: 'AUTH_ACTIVATION_TEMPLATE' },
    page: 'activationPage',
    form: 'activateByPath',
  },
  'password-reset': {
    kind: 'link',
    name: 'a reset link',
    endsByProof: true,
    isNewestOnly: true,
    outcome: 'password',
    errors: 'PASSWORD_RESET',
    mail: { template: 'password_reset.hbs', url: 'reset_url' },
    ttl: {
      path: 'passwordReset.ttlSeconds',
      env: 'AUTH_PASSWORD_RESET_TTL_SECONDS',
      seconds: 3600,
      min: 1,
      max: 7 * DAY,
    },
    url: {
      path: 'passwordReset.urlTemplate',
      env: 'AUTH_PASSWORD_RESET_URL_TEMPLATE',
      frontEndPath: 'reset-password',
    },
    template: { path: 'passwordReset.template', env: 'AUTH_PASSWORD_RESET_TEMPLATE' },
    page: 'passwordResetPage',
    form: 'passwordResetForm',
  },
  'email-change': {
    kind: 'link',
    name: 'the link that confirms a new address',
    endsByProof: true,
    isNewestOnly: true,
    outcome: 'address',
    errors: 'EMAIL_CHANGE',
    mail: { template: 'email_change.hbs', url: 'email_change_url' },
    ttl: { path: 'emailChange.ttlSeconds', env: 'AUTH_EMAIL_CHANGE_TTL_SECONDS', seconds: DAY, min: 1, max: 7 * DAY },
    url: { path: 'emailChange.urlTemplate', env: 'AUTH_EMAIL_CHANGE_URL_TEMPLATE', frontEndPath: 'confirm-email' },
    template: { path: 'emailChange.template', env: 'AUTH_EMAIL_CHANGE_TEMPLATE' },
    page: 'emailChangePage',
    form: 'emailChangeForm',
  },
  'email-change-undo': {
    kind: 'link',
    name: 'the link that takes the change back',
    endsByProof: false,
    isNewestOnly: false,
    outcome: 'address',
    errors: 'EMAIL_CHANGE',
    mail: { template: 'email_change_notice.hbs', url: 'undo_url' },
    ttl: {
      path: 'emailChange.undoTtlSeconds',
      env: 'AUTH_EMAIL_CHANGE_UNDO_TTL_SECONDS',
      seconds: 7 * DAY,
      min: 3600,
      max: 30 * DAY,
    },
    url: {
      path: 'emailChange.undoUrlTemplate',
      env: 'AUTH_EMAIL_CHANGE_UNDO_URL_TEMPLATE',
      frontEndPath: 'undo-email-change',
    },
    page: 'emailChangeUndoPage',
    form: 'emailChangeUndoForm',
  },
  'account-exists': {
    kind: 'notice',
    endsByProof: false,
    mail: { template: 'account_exists.hbs', url: 'login_url' },
  },
  'password-changed-notice': {
    kind: 'notice',
    endsByProof: false,
    mail: { template: 'password_changed_notice.hbs', url: 'login_url' },
  },
  // The row is that of a reset link: the mail alone says why it was sent.
  'login-alert': {
    kind: 'notice',
    endsByProof: true,
    mail: { template: 'login_alert.hbs', url: 'reset_url' },
  },
  'session-reuse-notice': {
    kind: 'notice',
    endsByProof: false,
    mail: { template: 'session_reuse_notice.hbs', url: 'login_url' },
  },
} as const satisfies Record<string, Purpose>;

type Table = typeof PURPOSES;

/** The purposes of one kind. */
type OfKind<K extends Purpose['kind']> = { [P in keyof Table]: Table[P]['kind'] extends K ? P : never }[keyof Table];

/** What a row of the token table is for: a session, a link, or only a mail that is owed. */
export type TokenPurpose = keyof Table;

/** The purposes whose rows a mailed link can redeem. */
export type LinkPurpose = OfKind<'link'>;

/** Mails without a link of their own. */
export type NoticeName = OfKind<'notice'>;

/** A purpose that owes a mail. */
export type MailName = LinkPurpose | NoticeName;

const NAMES = Object.keys(PURPOSES) as TokenPurpose[];

/** The purposes whose rows a mailed link can redeem. */
export const LINK_PURPOSES: readonly LinkPurpose[] = NAMES.filter(isLinkPurpose);

/** The purposes that owe a mail. */
export const MAIL_NAMES: readonly MailName[] = NAMES.filter((name): name is MailName => name !== 'session');

/** What a new proof of identity ends. */
export const ENDED_BY_PROOF: readonly TokenPurpose[] = NAMES.filter((name) => PURPOSES[name].endsByProof);

/** Links of which only the one that was asked for last works. */
export const NEWEST_ONLY: readonly LinkPurpose[] = LINK_PURPOSES.filter((purpose) => PURPOSES[purpose].isNewestOnly);

/** Links that, once used, say that a password was set: another proof ends that as well. */
export const PASSWORD_LINKS: readonly LinkPurpose[] = LINK_PURPOSES.filter(
  (purpose) => PURPOSES[purpose].outcome === 'password',
);

/** True for a purpose whose rows a mailed link can redeem. */
export function isLinkPurpose(purpose: TokenPurpose): purpose is LinkPurpose {
  return PURPOSES[purpose].kind === 'link';
}

/** What the table says of a link, whichever it is. */
export function linkPurpose(purpose: LinkPurpose): MailedLinkPurpose {
  return PURPOSES[purpose];
}
