import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactUrl } from '../../lib/platform/http/redact-url.js';

const TOKEN = 'Zk3vQ9rT-_aB7yNc'.repeat(4);
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

describe('redactUrl', () => {
  it.each([
    ['a path segment', `/auth/activate/${TOKEN}`, '/auth/activate/[redacted]'],
    ['a path segment before others', `/auth/activate/${TOKEN}/x?y=1`, '/auth/activate/[redacted]/x?y=1'],
    ['a query value', `https://x.test/a?token=${TOKEN}&b=2`, 'https://x.test/a?token=[redacted]&b=2'],
    ['a fragment', `https://x.test/a#token=${TOKEN}`, 'https://x.test/a#token=[redacted]'],
    [
      'a nested, encoded URL',
      `/login?next=%2Factivate%3Ftoken%3D${TOKEN}`,
      '/login?next=%2Factivate%3Ftoken%3D[redacted]',
    ],
    ['a segment with a file extension', `/activate/${TOKEN}.html`, '/activate/[redacted].html'],
    ['a full stop that a mail client took along', `/activate/${TOKEN}.`, '/activate/[redacted].'],
    ['a JWT in the query', `/a?access_token=${JWT}&b=2`, '/a?access_token=[redacted]&b=2'],
    ['a JWT without a signature', `/a?t=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.`, '/a?t=[redacted]'],
    ['more than one', `/a/${TOKEN}?t=${TOKEN}#${JWT}`, '/a/[redacted]?t=[redacted]#[redacted]'],
  ])('redacts a token in %s', (_place, url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });

  it('redacts a token whose characters are percent-encoded', () => {
    const encoded = [...TOKEN].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('');
    expect(redactUrl(`/activate/${encoded}`)).toBe('/activate/[redacted]');
    expect(redactUrl(`/activate/${TOKEN.replaceAll('_', '%5F').replaceAll('-', '%2d')}`)).toBe('/activate/[redacted]');
  });

  it('redacts a token that lost its last characters, or gained some', () => {
    expect(redactUrl(`/activate/${TOKEN.slice(0, -2)}`)).toBe('/activate/[redacted]');
    expect(redactUrl(`/activate/${TOKEN}x`)).toBe('/activate/[redacted]');
  });

  it.each([
    '/auth/login',
    '/users/0198a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b?sort=name',
    `/files/${'a'.repeat(40)}`,
    '/search?q=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82',
    '/a?b=100%&c=%zz',
    '',
  ])('leaves %j alone', (url) => {
    expect(redactUrl(url)).toBe(url);
  });

  it('never lets a token through, whatever surrounds it', () => {
    const delimiter = fc.constantFrom('/', '?', '&', '=', '#', '%20', ' ', '"', '.', '%3D', '%2e');
    fc.assert(
      fc.property(fc.string(), delimiter, delimiter, fc.string(), (before, left, right, after) => {
        expect(redactUrl(before + left + TOKEN + right + after)).not.toContain(TOKEN);
      }),
    );
  });

  it('takes linear time on hostile input', () => {
    const started = performance.now();
    for (const part of ['a', '.', 'eyJ', 'eyJ.', '%', '%41', '%2', '-%2e']) redactUrl(part.repeat(300_000));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
