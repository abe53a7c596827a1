import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../lib/platform/config/auth-config.js';
import { KeyRing } from '../../lib/engine/tokens/key-ring.js';
import { LinkTokens, type LinkTokenSource } from '../../lib/engine/tokens/link-tokens.js';
import type { LinkPurpose } from '../../lib/platform/common/purposes.js';

const SECRET = 'for these tests only: no link is made with it';
const linkTokens = (secret = SECRET, ...previousSecrets: string[]) => {
  const jwt = { secret, previousSecrets, publicKeys: [], algorithm: 'HS256' };
  return new LinkTokens(new KeyRing({ jwt } as unknown as AuthConfig));
};
const subject = linkTokens();
const source: LinkTokenSource = { purpose: 'activation', id: '0190-a', nonce: 'a nonce of this test' };
/** The link of a new row. */
const linkOf = (of: LinkTokenSource, by = subject) => by.token({ ...of, tokenHash: by.tokenHash(of) });
const token = linkOf(source);

describe('a link token', () => {
  it('is 64 base64url characters, which a link needs not escape', () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(encodeURIComponent(token)).toBe(token);
  });

  it('is the same for the same row, so that a mail sent again carries the same link', () => {
    expect(linkOf({ ...source })).toBe(token);
    expect(linkOf(source, linkTokens())).toBe(token);
  });

  it('stays the same when the secret has become a previous one, while new rows get links of the new secret', () => {
    const row = { ...source, tokenHash: subject.tokenHash(source) };
    const rotated = linkTokens('the second secret of these tests', SECRET);
    const rotatedTwice = linkTokens('the third secret of these tests', 'the second secret of these tests', SECRET);
    expect(rotated.token(row)).toBe(token);
    expect(rotatedTwice.token(row)).toBe(token);
    expect(linkOf(source, rotated)).not.toBe(token);
    expect(linkOf(source, rotated)).toBe(linkOf(source, linkTokens('the second secret of these tests')));
  });

  it('cannot be made again without the secret it was made with, and no other link is made in its place', () => {
    const row = { ...source, tokenHash: subject.tokenHash(source) };
    expect(() => linkTokens('another secret of these tests').token(row)).toThrow(/jwt\.previousSecrets/);
    expect(() => subject.token({ ...row, nonce: 'another nonce' })).toThrow(/jwt\.previousSecrets/);
  });

  it.each<[string, Partial<LinkTokenSource>]>([
    ['purpose', { purpose: 'password-reset' }],
    ['id', { id: '0190-b' }],
    ['nonce', { nonce: 'another nonce' }],
  ])('is another one for another %s', (_, change) => {
    expect(linkOf({ ...source, ...change })).not.toBe(token);
  });

  it('cannot be made from the row by whoever lacks the secret', () => {
    expect(linkOf(source, linkTokens('the secret of another application'))).not.toBe(token);
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
