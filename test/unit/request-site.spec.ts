import { describe, expect, it } from 'vitest';
import { isSafe, siteOf } from '../../lib/platform/http/request-site.js';

const TRUSTED = 'https://app.example.com';

function site(headers: Record<string, string | string[]>, publicUrl?: string) {
  return siteOf({ headers }, { trustedOrigins: [TRUSTED], publicUrl });
}

describe('isSafe', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('is true for %s', (method) => {
    expect(isSafe({ method, headers: {} })).toBe(true);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get', '', undefined])('is false for %s', (method) => {
    expect(isSafe({ method, headers: {} })).toBe(false);
  });

  it('is false for the handshake of a WebSocket, which is a GET', () => {
    expect(isSafe({ method: 'GET', headers: { upgrade: 'websocket' } })).toBe(false);
  });
});

describe('siteOf', () => {
  it('compares Origin with Host, by default port and case of the host as browsers write them', () => {
    expect(site({ origin: 'https://example.com', host: 'example.com' })).toBe('own');
    expect(site({ origin: 'http://example.com:8080', host: 'example.com:8080' })).toBe('own');
    expect(site({ origin: 'http://[::1]:3000', host: '[::1]:3000' })).toBe('own');
    expect(site({ origin: 'https://example.com', ':authority': 'example.com' })).toBe('own');
    expect(site({ origin: 'https://example.com', host: 'example.com:8443' })).toBe('foreign');
    expect(site({ origin: 'https://example.com.evil.test', host: 'example.com' })).toBe('foreign');
  });

  it('takes nothing for an origin that is none, even where there is no Host', () => {
    expect(site({ origin: 'garbage' })).toBe('foreign');
    expect(site({ origin: '' })).toBe('foreign');
    expect(site({ origin: 'file://', host: '' })).toBe('foreign');
  });

  it('takes a trusted origin for our own, whatever the browser says of the site', () => {
    expect(site({ origin: TRUSTED, host: 'example.com', 'sec-fetch-site': 'cross-site' })).toBe('own');
    expect(site({ origin: TRUSTED.replace('https', 'http'), host: 'example.com' })).toBe('foreign');
  });

  it('believes no header that a proxy may add', () => {
    const headers = { origin: 'https://evil.example', host: 'example.com', 'x-forwarded-host': 'evil.example' };
    expect(site(headers)).toBe('foreign');
  });

  it('prefers the configured origin to Host', () => {
    expect(site({ origin: 'https://api.example.com', host: 'internal' }, 'https://api.example.com')).toBe('own');
    expect(site({ origin: 'https://internal', host: 'internal' }, 'https://api.example.com')).toBe('foreign');
  });

  it('knows nothing about a request without either header, or from a page without an origin', () => {
    expect(site({ host: 'example.com' })).toBe('unknown');
    expect(site({ host: 'example.com', origin: 'null' })).toBe('unknown');
  });

  it('takes a header that came twice for a foreign one', () => {
    expect(site({ host: 'example.com', 'sec-fetch-site': ['same-origin', 'cross-site'] })).toBe('foreign');
    expect(site({ host: 'example.com', origin: ['https://example.com', 'https://evil.example'] })).toBe('foreign');
  });
});
