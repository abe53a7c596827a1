import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/config/auth-config.js';
import { type LinkPurpose, LinkTokens, type LinkTokenSource } from '../../lib/tokens/link-tokens.js';

const linkTokens = (secret = 'for these tests only: no link is made with it') =>
  new LinkTokens({ jwt: { secret } } as AuthConfig);
const subject = linkTokens();
const source: LinkTokenSource = { purpose: 'activation', id: '0190-a', nonce: 'a nonce of this test' };
const token = subject.token(source);

describe('a link token', () => {
  it('is 64 base64url characters, which a link needs not escape', () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(encodeURIComponent(token)).toBe(token);
  });

  it('is the same for the same row, so that a mail sent again carries the same link', () => {
    expect(subject.token({ ...source })).toBe(token);
    expect(linkTokens().token(source)).toBe(token);
  });

  it.each<[string, Partial<LinkTokenSource>]>([
    ['purpose', { purpose: 'password-reset' }],
    ['id', { id: '0190-b' }],
    ['nonce', { nonce: 'another nonce' }],
  ])('is another one for another %s', (_, change) => {
    expect(subject.token({ ...source, ...change })).not.toBe(token);
  });

  it('cannot be made from the row by whoever lacks the secret', () => {
    expect(linkTokens('the secret of another application').token(source)).not.toBe(token);
  });

  it('never repeats, for its nonce does not', () => {
    const nonces = Array.from({ length: 1_000 }, () => subject.nonce());
    expect(new Set(nonces).size).toBe(1_000);
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64url')).toHaveLength(16);
  });
});

describe('what the table holds', () => {
  it('is a SHA-256 of purpose and token, from which the token cannot be had', () => {
    const hash = subject.hash('activation', token);
    expect(hash).toBe(createHash('sha256').update(`activation|${token}`).digest('hex'));
    expect(hash).not.toContain(token);
  });

  it('is unknown to every other purpose', () => {
    const purposes: LinkPurpose[] = ['activation', 'password-reset'];
    expect(new Set(purposes.map((purpose) => subject.hash(purpose, token))).size).toBe(2);
  });

  it('is not the hash of the hash: what leaked from the table opens nothing', () => {
    const stored = subject.hash('activation', token)!;
    expect(stored).toHaveLength(64);
    expect(subject.hash('activation', stored)).not.toBe(stored);
  });

  it.each([
    ['nothing', ''],
    ['one character less', token.slice(1)],
    ['one character more', `${token}A`],
    ['padding', `${token.slice(0, 63)}=`],
    ['a space', ` ${token.slice(1)}`],
    ['a line feed at the end', `${token}\n`],
    ['the other base64 alphabet', `+/${token.slice(2)}`],
    ['full-width letters', `\uFF21${token.slice(1)}`],
    ['a NUL', `\0${token.slice(1)}`],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ])('is never looked up for %s', (_, text) => {
    expect(subject.hash('activation', text)).toBeUndefined();
  });
});
