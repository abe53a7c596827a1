import { AUTH_ERRORS } from 'nestjs-gatehouse';
import type { Endpoint } from '../../lib/http/endpoint.js';
import { type EndpointKey, ENDPOINTS } from '../../lib/http/endpoints.js';
import { en } from '../../lib/templates/languages/en.js';
import { isTextKey } from '../../lib/templates/translate.js';
import type { RawAnswer } from './raw-client.js';
import { PASSWORD, type TestApp } from './test-app.js';

/** A well-formed link token that no link has. */
export const UNKNOWN_TOKEN = 'x'.repeat(64);

/** A value that passes validation for every field of every endpoint. */
const SAMPLES: Record<string, string> = {
  email: 'nobody@example.com',
  username: 'nobody',
  password: PASSWORD,
  new_password: PASSWORD,
  confirm_password: PASSWORD,
  current_password: PASSWORD,
  new_email: 'somebody@example.com',
  name: 'Ann',
  token: UNKNOWN_TOKEN,
  refresh_token: 'a.b.c',
};

/** Every endpoint of the module, so that a new one cannot be forgotten. */
export const ALL_ENDPOINTS = Object.entries(ENDPOINTS) as [EndpointKey, Endpoint][];

/** The endpoints a mode mounts: pages only where the back end renders them. */
export function endpointsOf(mode: 'A' | 'E'): [EndpointKey, Endpoint][] {
  return ALL_ENDPOINTS.filter(([, { pages }]) => mode === 'E' || !pages);
}

/** A body of an endpoint that passes validation: each field but those that stand in place of another one. */
export function validBody({ request }: Endpoint): Record<string, string> {
  const fields = Object.keys(request).filter((field) => !request[field]!.startsWith('Instead of'));
  return Object.fromEntries(
    fields.map((field) => {
      if (!(field in SAMPLES)) throw new Error(`Give the field ${field} a sample in test/support/hostile.ts`);
      return [field, SAMPLES[field]!];
    }),
  );
}

/** The path of an endpoint, with a token of one's choice in the place of every parameter. */
export function pathOf({ path }: Endpoint, token: string = UNKNOWN_TOKEN): string {
  return `/${path.replace(/:\w+/g, () => token)}`;
}

/**
 * What is wrong with an answer to a hostile request, else undefined: it must be a refusal with a stable code that the
 * reference lists for the endpoint, and nothing but the documented fields; or a page that refuses.
 */
export function faultOf(endpoint: Endpoint, answer: RawAnswer): string | undefined {
  const { status, text, body, headers } = answer;
  const shown = `${status} ${text.slice(0, 200)}`;
  if (status < 400 || status >= 500) return `not a refusal: ${shown}`;
  if (headers['cache-control'] !== 'no-store') return `may be cached: ${shown}`;
  if (
    (endpoint.pages || endpoint.accepts === 'json-or-form') &&
    String(headers['content-type']).startsWith('text/html')
  ) {
    const [expected] = AUTH_ERRORS[codeOf(answer) as keyof typeof AUTH_ERRORS] ?? [400];
    return status === expected ? undefined : `a page with another status: ${shown}`;
  }
  const { statusCode, code, message, errors, ...more } = body ?? {};
  const [wanted, words] = AUTH_ERRORS[code as keyof typeof AUTH_ERRORS] ?? [];
  if (wanted !== status || statusCode !== status || message !== words) return `no stable code: ${shown}`;
  if (!(endpoint.errors as readonly string[]).includes(code)) return `a code the reference does not list: ${shown}`;
  if (Object.keys(more).length > 0 || (errors !== undefined && !Array.isArray(errors))) return `more fields: ${shown}`;
  return undefined;
}

/** The code of a refusal: in its JSON, or the one whose text its page shows; undefined for a page with a form. */
export function codeOf({ headers, text, body }: RawAnswer): string | undefined {
  if (!String(headers['content-type']).startsWith('text/html')) return body?.code;
  return Object.keys(AUTH_ERRORS).find((code) => {
    const key = `error.${code}`;
    return isTextKey(key) && text.includes(`<p>${en[key]}</p>`);
  });
}

/** Every row of both tables, as text. */
export async function dump({ dataSource }: Pick<TestApp, 'dataSource'>): Promise<string> {
  const users: unknown[] = await dataSource.query('SELECT * FROM users ORDER BY id');
  const tokens: unknown[] = await dataSource.query('SELECT * FROM user_tokens ORDER BY id');
  return JSON.stringify({ users, tokens }, null, 1);
}
