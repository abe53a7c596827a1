import type { AuthError } from '../common/auth.errors.js';

/** What tells whether somebody at a browser sent a request, on either adapter. */
export interface BrowserRequest {
  method?: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A page instead of a JSON error, ready to be sent: all headers must go along. */
export interface RefusalPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How endpoints whose answers are pages (mode E) refuse, wherever the refusal comes from. */
export abstract class RefusalPages {
  /**
   * The page that says no in the language of the reader; undefined for a request that wants JSON.
   * @param flow whose endpoint it is
   */
  abstract pageFor(flow: string, request: BrowserRequest, error: AuthError): RefusalPage | undefined;
}
