import { AUTH_ERRORS } from 'nestjs-gatehouse';
import type { Endpoint } from '../../lib/platform/http/endpoint.js';
import { codeOf } from './answer-code.js';
import { endpointsOf, pathOf } from './every-endpoint.js';
import { type RawAnswer, RawClient, type RawRequest } from './raw-client.js';
import { dump } from './rows.js';
import { createTestApp, type TestApp } from './test-app.js';
import { namedSchema } from './users-with-username.js';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

/** A request to an endpoint; with the credentials of the victim unless it is a guest's. */
export type Sent = Omit<RawRequest, 'path'> & { isGuest?: true };

/** What is sent to an endpoint, and what its refusal must say. */
export interface Attack {
  requests: Sent[];
  /** The code; without it any that the reference lists for the endpoint. */
  code?: string;
  /** The fields that the refusal must name. */
  fields?: string[];
}

/** An application with one account, that of a signed-in victim, and what hostile requests did to it. */
export class AttackedApp {
  private readonly raw: RawClient;

  private constructor(
    readonly t: TestApp,
    private readonly mode: 'A' | 'E',
    /** A signed-in user's: the fields of an endpoint for users are looked at behind the guard. */
    private readonly bearer: string,
    private readonly before: string,
  ) {
    this.raw = new RawClient(t.client.origin);
  }

  static async start(adapter: 'express' | 'fastify', mode: 'A' | 'E'): Promise<AttackedApp> {
    const t = await createTestApp({ adapter, mode, schema: namedSchema() });
    const { access_token } = await t.activeUser('victim@example.com');
    return new AttackedApp(t, mode, access_token, await dump(t));
  }

  async close(): Promise<void> {
    this.raw.close();
    await this.t.close();
  }

  send(request: RawRequest): Promise<RawAnswer> {
    return this.raw.send(request);
  }

  credentials(endpoint: Endpoint): Record<string, string> {
    return takesInput(endpoint) ? { authorization: `Bearer ${this.bearer}` } : {};
  }

  /** Attacks every endpoint of a kind, and tells what was not refused as it should be, or left a trace. */
  async faults(isMeant: (endpoint: Endpoint) => boolean, attacksOn: (endpoint: Endpoint) => Attack[]) {
    return this.eachFault(isMeant, async (endpoint) => {
      const found: string[] = [];
      for (const attack of attacksOn(endpoint))
        for (const request of attack.requests) {
          const fault = await this.faultOfAttack(endpoint, request, attack);
          if (fault) found.push(`${String(request.body).slice(0, 100)} -> ${fault}`);
        }
      return found;
    });
  }

  /** The same with a look at each endpoint of the test's own. */
  async eachFault(isMeant: (endpoint: Endpoint) => boolean, look: (endpoint: Endpoint) => Promise<string[]>) {
    const meant = endpointsOf(this.mode).filter(([, endpoint]) => isMeant(endpoint));
    if (meant.length === 0) throw new Error('There is no endpoint of this kind to attack.');
    const faults: string[] = [];
    for (const [name, endpoint] of meant) {
      const found = [...(await look(endpoint)), ...(await this.traces())];
      faults.push(...found.map((fault) => `${name}: ${fault}`));
    }
    return faults;
  }

  private async faultOfAttack(endpoint: Endpoint, request: Sent, { code, fields }: Attack) {
    const { isGuest, headers = JSON_TYPE, ...sent } = request;
    const all = { ...(isGuest ? {} : this.credentials(endpoint)), ...headers };
    const answer = await this.send({ method: endpoint.method, path: pathOf(endpoint), headers: all, ...sent });
    const named = answer.body?.errors?.map(({ field }: { field: string }) => field);
    return (
      faultOf(endpoint, answer) ??
      (code && codeOf(answer) !== code ? `${codeOf(answer)} instead of ${code}` : undefined) ??
      (fields && named?.join() !== fields.join() ? `names ${named} instead of ${fields}` : undefined)
    );
  }

  private async traces(): Promise<string[]> {
    return [
      ...((await dump(this.t)) === this.before ? [] : ['a refused request wrote something']),
      ...(this.t.mailbox.mails.length === 1 ? [] : ['a refused request sent a mail']),
    ];
  }
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

/** Of users, and a mistake of the input is reached only with credentials: it has fields, or a parameter in its path. */
function takesInput({ errors, request, path }: Endpoint): boolean {
  const isForUsers = errors.includes('ACCESS_UNAUTHENTICATED');
  return isForUsers && (Object.keys(request).length > 0 || path.includes(':'));
}
