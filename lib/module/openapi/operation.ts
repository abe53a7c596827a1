import { STATUS_CODES } from 'node:http';
import type {
  ContentObject,
  HeadersObject,
  OperationObject,
  ReferenceObject,
  ResponseObject,
  SecurityRequirementObject,
} from '@nestjs/swagger';
import { AUTH_ERRORS, type AuthErrorCode } from '../../platform/common/auth.errors.js';
import type { AuthConfig } from '../../platform/config/auth-config.js';
import type { Credentials, Endpoint } from '../../platform/http/endpoint.js';
import type { Answer } from '../../platform/http/answer.js';
import { errorExample } from './error-body.js';
import type { Models } from './models.js';

/** An endpoint of an application in the words of OpenAPI, but for its path, which Nest knows. */
export function operationOf(endpoint: Endpoint, config: AuthConfig, models: Models): OperationObject {
  const requestBody = models.requestOf(endpoint);
  return {
    tags: [endpoint.flow],
    summary: endpoint.summary,
    security: securityOf(endpoint.credentials, config),
    ...(requestBody && { requestBody }),
    responses: responsesOf(endpoint, config, models),
  };
}

/** True where answers can set cookies. */
export function hasCookies({ tokenDelivery }: AuthConfig): boolean {
  return tokenDelivery !== 'bearer';
}

/** Each entry is one way in; the empty one, that nothing is needed besides the body. */
function securityOf(credentials: Credentials | undefined, config: AuthConfig): SecurityRequirementObject[] {
  const ways = credentials ? WAYS[credentials] : [];
  return ways.filter((way) => hasCookies(config) || !isCookie(way));
}

/** By the names that {@link addAuthSecurity} gives the schemes. */
const WAYS: Readonly<Record<Credentials, readonly SecurityRequirementObject[]>> = {
  access: [{ bearer: [] }, { cookie: [] }],
  refresh: [{}, { refresh_cookie: [] }],
  either: [{}, { bearer: [] }, { cookie: [] }, { refresh_cookie: [] }],
};

function isCookie(way: SecurityRequirementObject): boolean {
  return 'cookie' in way || 'refresh_cookie' in way;
}

function responsesOf(endpoint: Endpoint, config: AuthConfig, models: Models): Record<string, ResponseObject> {
  const codes = endpoint.errors.filter((code) => isPossible(code, config));
  const answered = Object.keys(endpoint.answers)
    .map(Number)
    .filter((status) => answersOf(endpoint, status, config).length > 0);
  const statuses = [...new Set([...answered, ...codes.map(statusOf)])];
  const response = (status: number): ResponseObject => {
    const refusals = codes.filter((code) => statusOf(code) === status);
    const answers = answersOf(endpoint, status, config).map((answer) => models.contentOf(answer));
    const content: ContentObject = Object.assign({}, ...answers, refusalContent(endpoint, refusals, models.error));
    const headers = headersOf(endpoint, status, config);
    return {
      description: descriptionOf(endpoint, status, refusals),
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(Object.keys(content).length > 0 && { content }),
    };
  };
  return Object.fromEntries(statuses.map((status) => [status, response(status)]));
}

/** Codes that no configuration like this one leads to. */
function isPossible(code: AuthErrorCode, config: AuthConfig): boolean {
  switch (code) {
    case 'ACCESS_INVALID_CSRF_TOKEN':
      return hasCookies(config);
    case 'INPUT_CROSS_SITE':
      return hasCookies(config) || config.backendLinks;
    case 'SIGNUP_EMAIL_TAKEN':
      return config.autoActivate || config.returnLinkInResponse;
    default:
      return true;
  }
}

function answersOf({ answers }: Endpoint, status: number, { backendLinks }: AuthConfig): Answer[] {
  const stated = [answers[status] ?? []].flat();
  // Whoever followed a link or sent a form is refused by a page, whatever the reason.
  const page = Object.values(answers)
    .flat()
    .find(({ kind }) => kind === 'page');
  const all = new Set([...stated, ...(page && status >= 400 ? [page] : [])]);
  return [...all].filter(({ kind }) => kind !== 'page' || backendLinks);
}

function descriptionOf(endpoint: Endpoint, status: number, codes: readonly AuthErrorCode[]): string {
  if (status === endpoint.status) return endpoint.answer;
  const refusals = codes.map((code) => `\`${code}\`: ${AUTH_ERRORS[code][1]}`);
  return refusals.join('\n\n') || (STATUS_CODES[status] ?? '');
}

function refusalContent(endpoint: Endpoint, codes: readonly AuthErrorCode[], error: ReferenceObject): ContentObject {
  if (codes.length === 0) return {};
  const narrowed = { type: 'object', properties: { code: { type: 'string', enum: [...codes] } } };
  const examples = codes.map(
    (code) =>
      [code, { summary: AUTH_ERRORS[code][1], value: errorExample(code, Object.keys(endpoint.request)) }] as const,
  );
  return {
    'application/json': {
      schema: { allOf: [error, narrowed] },
      examples: Object.fromEntries(examples),
    },
  };
}

function headersOf(endpoint: Endpoint, status: number, config: AuthConfig): HeadersObject {
  const { setsCookies, credentials, leavesDeviceCookie, errors } = endpoint;
  // Where a hook refuses whoever is signed in another session, or the next pair, the one that asked has ended.
  const isRefusal = status === 403 && credentials !== undefined && errors.includes('LOGIN_REFUSED');
  const ends = status === 401 || isRefusal;
  const withCookies = setsCookies && hasCookies(config) && (status < 300 || ends);
  const withDevice = leavesDeviceCookie && config.limits.deviceCookie && config.limits.mode !== 'off' && status < 300;
  const cookies = [
    withCookies && 'Sets or clears the cookies of the session.',
    withDevice && 'Leaves the device cookie.',
  ];
  const told = cookies.filter((each) => typeof each === 'string').join(' ');
  return {
    ...(status === 401 && { 'WWW-Authenticate': header('The challenge of RFC 6750, section 3.') }),
    ...((status === 503 || status === 429) && {
      'Retry-After': header('Seconds until trying again makes sense.', 'integer'),
    }),
    ...(status === 429 && {
      'RateLimit-Policy': header('The limit that was reached (draft-ietf-httpapi-ratelimit-headers).'),
      RateLimit: header('What is left of it, and for how long.'),
    }),
    ...(told && { 'Set-Cookie': { ...header(told), required: false } }),
  };
}

function header(description: string, type = 'string') {
  return { description, required: true, schema: { type } };
}

function statusOf(code: AuthErrorCode): number {
  return AUTH_ERRORS[code][0];
}
