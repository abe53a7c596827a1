/** What every page may have. */
interface CommonContext {
  /** Where "Go to login" leads. @default the configured `loginUrl`; without one there is no button */
  readonly login_url?: string;
}

/** Why a page says no. */
export interface ErrorContext extends CommonContext {
  /** One sentence for the user, such as the message of an AuthError; in the reader's language where the catalogue has the code. */
  readonly reason: string;
  /** The stable code of the same error, for templates in other languages: `{{#if (eq reason_code "…")}}`. */
  readonly reason_code?: string;
  /** Where waiting helps, for how many minutes. */
  readonly wait_minutes?: number;
}

/** What a link has done. */
interface DoneContext extends CommonContext {
  /** True where the link did it before: a reload, a second click. */
  readonly already_done?: boolean;
}

/** A page with a form. */
interface FormContext extends CommonContext {
  /** Path or URL the form posts to; the only place of the page that holds the token. */
  readonly form_action: string;
}

/** A page about a change of address. */
interface EmailChangeContext extends CommonContext {
  /** The address the link stands for, masked by `emailHint`: whoever finds the link must not learn whose it is. */
  readonly email_hint: string;
}

/** What each page shows. */
export interface PageContexts {
  activation_success: CommonContext & {
    /** True when the account was active before: the link was followed a second time. */
    readonly already_active?: boolean;
  };
  activation_error: ErrorContext;
  activation_confirm: FormContext;
  password_reset_form: FormContext & {
    /** The address, masked by `emailHint`: whoever finds the link must not learn whose it is. */
    readonly user: { readonly email_hint: string };
    /** Why the last attempt was refused; announced by screen readers. */
    readonly error?: string;
    /** @default password.minLength */
    readonly min_length?: number;
    /** @default password.maxLength */
    readonly max_length?: number;
  };
  password_reset_success: DoneContext;
  password_reset_error: ErrorContext;
  email_change_confirm: FormContext & EmailChangeContext;
  email_change_success: EmailChangeContext & DoneContext;
  email_change_undo_confirm: FormContext & EmailChangeContext;
  email_change_undo_success: EmailChangeContext & DoneContext;
  email_change_error: ErrorContext;
}

/** A page by name; its template is `<name>.hbs`. */
export type PageName = keyof PageContexts;

const LINK = 'https://sample.example/sample';
const REFUSED: ErrorContext = { login_url: LINK, reason: 'Sample.', reason_code: 'SAMPLE' };
const FORM: FormContext = { login_url: LINK, form_action: '/sample' };
const ADDRESS: EmailChangeContext = { email_hint: 's…@sample.example' };

/** Every page, with a sample on which a start renders the application's own template of it. */
export const PAGE_SAMPLES: PageContexts = {
  activation_success: { login_url: LINK, already_active: true },
  activation_error: REFUSED,
  activation_confirm: FORM,
  password_reset_form: { ...FORM, user: ADDRESS, error: 'Sample.' },
  password_reset_success: { login_url: LINK, already_done: true },
  password_reset_error: REFUSED,
  email_change_confirm: { ...FORM, ...ADDRESS },
  email_change_success: { ...ADDRESS, login_url: LINK, already_done: true },
  email_change_undo_confirm: { ...FORM, ...ADDRESS },
  email_change_undo_success: { ...ADDRESS, login_url: LINK, already_done: true },
  email_change_error: REFUSED,
};

/** Every page by name. */
export const PAGES = Object.keys(PAGE_SAMPLES) as PageName[];

/** The page that says no, by flow; and whether clients of the API, which may send no body, use its form's endpoint too. */
export const ERROR_PAGES = {
  activation: { page: 'activation_error', servesApi: true },
  'password-reset': { page: 'password_reset_error', servesApi: false },
  'email-change': { page: 'email_change_error', servesApi: false },
} as const satisfies Record<string, { page: PageName; servesApi: boolean }>;

/** A flow that has pages. */
export type PageFlow = keyof typeof ERROR_PAGES;
