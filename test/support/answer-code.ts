import { AUTH_ERRORS } from 'nestjs-gatehouse';
import { en } from '../../lib/engine/texts/languages/en.js';
import { isTextKey } from '../../lib/engine/texts/translate.js';
import type { RawAnswer } from './raw-client.js';

/** The code of a refusal: in its JSON, or the one whose text its page shows; undefined for a page with a form. */
export function codeOf({ headers, text, body }: RawAnswer): string | undefined {
  if (!String(headers['content-type']).startsWith('text/html')) return body?.code;
  return Object.keys(AUTH_ERRORS).find((code) => {
    const key = `error.${code}`;
    return isTextKey(key) && text.includes(`<p>${en[key]}</p>`);
  });
}
