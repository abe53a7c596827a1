import { describe, expect, it } from 'vitest';
import { type TokenRow, type UserRow, violationsIn } from '../faults/support/invariants.js';
import { duplicatesIn, lostMails } from '../faults/support/mails.js';
import { newAccount } from '../faults/support/visitors.js';
import { Random } from '../faults/support/random.js';
import { Mailbox, type ReceivedMail } from '../support/mailbox.js';

const NOW = 1_000_000;
const ANN: UserRow = { id: 'ann', email: 'ann@example.com', isActive: true, isVerified: true };
const SESSION: TokenRow = {
  id: 'row',
  userId: 'ann',
  purpose: 'session',
  tokenHash: null,
  nonce: null,
  expiresAt: NOW + 1000,
  usedAt: null,
  revokedAt: null,
  mailDueAt: null,
  mailAttempts: 0,
  mailError: null,
};
const LINK: TokenRow = { ...SESSION, purpose: 'email-change', tokenHash: 'hash', nonce: 'nonce' };

const violations = (users: UserRow[], tokens: TokenRow[]): string[] => violationsIn({ users, tokens }, NOW);

describe('the invariants of the fault scripts', () => {
  it('let tables pass that hold together', () => {
    expect(violations([ANN], [SESSION, LINK, { ...LINK, tokenHash: 'older', revokedAt: NOW }])).toEqual([]);
  });

  it.each<[string, UserRow[], TokenRow[]]>([
    ['two accounts with one address', [ANN, { ...ANN, id: 'other', email: 'Ann@example.com' }], []],
    ['a session without an account', [], [SESSION]],
    ['a live session of an account that is not active', [{ ...ANN, isActive: false }], [SESSION]],
    ['an active account that proved nothing', [{ ...ANN, isVerified: false }], [{ ...LINK, purpose: 'activation' }]],
    ['a pending account without its link', [{ ...ANN, isActive: false, isVerified: false }], []],
    ['two live links to another address', [ANN], [LINK, { ...LINK, tokenHash: 'other' }]],
    ['a link without its token', [ANN], [{ ...LINK, tokenHash: null }]],
    ['a mail that is claimed for longer than any claim lasts', [ANN], [{ ...LINK, mailDueAt: NOW + 120_001 }]],
    ['a mail that was given up', [ANN], [{ ...LINK, mailError: 'refused' }]],
  ])('find %s', (_, users, tokens) => {
    expect(violations(users, tokens)).toHaveLength(1);
  });

  it('find a mail that was promised and has not come', () => {
    const account = newAccount(new Random(1));
    account.promises.push({ to: 'ann@example.com', kind: 'notice', since: NOW });
    const mailbox = new Mailbox();
    expect(lostMails([account], mailbox)).toHaveLength(1);
    mailbox.mails.push(mail('first'));
    expect(lostMails([account], mailbox)).toEqual([]);
  });

  it('tell a mail that a fault doubled from one that nothing explains, and from one that differs', () => {
    const twice = [mail('first'), mail('first')];
    expect(duplicatesIn(twice, new Set(['first 5']))).toEqual({ count: 1, unexplained: [], different: [] });
    expect(duplicatesIn(twice, new Set())).toMatchObject({ count: 1, unexplained: [expect.any(String)] });
    const differing = (copy: Partial<ReceivedMail>) =>
      duplicatesIn([mail('first'), { ...mail('first'), ...copy }], new Set(['first 5'])).different;
    expect(differing({ text: 'told https://app.example.com/another' })).toEqual([expect.any(String)]);
    expect(differing({ recipients: ['bob@example.com'] })).toEqual([expect.any(String)]);
    expect(differing({ text: 'Hello Ann, told https://app.example.com/one' })).toEqual([]);
  });
});

function mail(id: string): ReceivedMail {
  return {
    messageId: `<${id}@example.com>`,
    text: 'told https://app.example.com/one',
    recipients: ['ann@example.com'],
  } as ReceivedMail;
}
