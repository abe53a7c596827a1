import { createHash } from 'node:crypto';

const STYLE_ELEMENT = /<style[^>]*>([\s\S]*?)<\/style>/gi;

/**
 * The headers of every page. They keep the page out of caches, frames, search engines and Referer headers, and let
 * nothing run or load: the `<style>` elements of this very page are the only thing its Content-Security-Policy admits,
 * by hash, so markup that slips through escaping stays inert (OWASP ASVS 5.0, 3.4 and 14.3.2).
 *
 * @param html the page as it is sent; a character changed afterwards breaks the hash
 */
export function pageHeaders(html: string): Record<string, string> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': contentSecurityPolicy(html),
    'X-Frame-Options': 'DENY',
    // The address of these pages holds a secret: it must not travel to the site the login button leads to.
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'X-Robots-Tag': 'noindex, nofollow',
  };
}

function contentSecurityPolicy(html: string): string {
  const hashes = Array.from(html.matchAll(STYLE_ELEMENT), ([, style = '']) => `'sha256-${sha256(style)}'`);
  return [
    "default-src 'none'",
    `style-src ${hashes.length > 0 ? hashes.join(' ') : "'none'"}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}
