import { AuthError } from '../common/auth.errors.js';
import type { AuthConfig } from '../config/auth-config.js';

/** What tells where a request comes from: on either adapter, and of a WebSocket's handshake. */
export interface SiteRequest {
  method?: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Whose page sent a request: our own or a trusted one, a foreign one, or unknown where no browser says so. */
export type RequestSite = 'own' | 'foreign' | 'unknown';

/** The settings that say which origins are ours. */
type OwnOrigins = Pick<AuthConfig, 'publicUrl' | 'trustedOrigins'>;

const SAFE_METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whose page sent a request. A trusted Origin is enough; else Sec-Fetch-Site decides (W3C Fetch Metadata), and where a
 * browser does not send it, Origin does. A sibling subdomain is foreign: whoever takes one over must not act here.
 *
 * `Origin: null` comes from sandboxed frames and from pages without referrer alike, our own among them, and tells
 * nothing.
 */
export function siteOf({ headers }: SiteRequest, { publicUrl, trustedOrigins }: OwnOrigins): RequestSite {
  const { origin, 'sec-fetch-site': site } = headers;
  if (typeof origin === 'string' && trustedOrigins.includes(origin)) return 'own';
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'own' : 'foreign';
  if (origin === undefined || origin === 'null') return 'unknown';
  // HTTP/2 names the host in a pseudo-header.
  const host = headers['host'] ?? headers[':authority'];
  const isOwn = publicUrl === undefined ? Boolean(host) && hostOf(String(origin)) === host : origin === publicUrl;
  return isOwn ? 'own' : 'foreign';
}

/**
 * Refuses what the page of another site sent, whoever it acts for.
 * @throws AuthError INPUT_CROSS_SITE
 */
export function refuseForeign(request: SiteRequest, own: OwnOrigins): void {
  if (siteOf(request, own) === 'foreign') throw new AuthError('INPUT_CROSS_SITE');
}

/**
 * True for a request that changes nothing by definition (RFC 9110, section 9.2.1). The handshake of a WebSocket is a
 * GET, but opens a channel that can do anything, and no CORS stands before it (cross-site WebSocket hijacking).
 */
export function isSafe({ method, headers }: SiteRequest): boolean {
  return SAFE_METHODS.has(method) && headers['upgrade'] === undefined;
}

/** Undefined for what is no origin. A page of another site cannot choose the Host that a browser sends. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
