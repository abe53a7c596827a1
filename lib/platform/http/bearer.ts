const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The scheme alone: `Bearerish` is another one. */
const BEARER_SCHEME = /^Bearer(?![\w-])/i;

/** An `Authorization` header as adapters and handshakes give it. */
type Authorization = string | string[] | undefined;

/** The token of an `Authorization` header (RFC 6750, section 2.1); undefined for any other form, a list included. */
export function bearerToken(authorization: Authorization): string | undefined {
  return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
}

/** Other schemes are nobody's business here: a proxy may ask for `Basic`, which browsers then send by themselves. */
export function isBearer(authorization: Authorization): boolean {
  return BEARER_SCHEME.test(String(authorization));
}

/**
 * True where a header states for itself whom the request acts for, which nothing a browser adds may overrule, be the
 * token good or bad. A JWT has dots. What has none states nobody: `Bearer undefined` and `Bearer null`, which scripts
 * make of a token they do not have.
 */
export function statesToken(authorization: Authorization): boolean {
  return isBearer(authorization) && String(authorization).includes('.');
}
