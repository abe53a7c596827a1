import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEmail } from '../../lib/platform/common/email.js';
import { canonicalUsername, CanonicalUsername, USERNAME_RULE } from '../../lib/platform/common/username.js';
import { HOSTILE_USERNAMES } from '../support/hostile-values.js';

describe('canonicalUsername', () => {
  it.each([
    ['kate', 'kate'],
    ['Kate.O-Hara_1', 'kate.o-hara_1'],
    ['  KATE   ', 'kate'],
    ['1st', '1st'],
    ['a--', 'a--'],
    ['a'.repeat(64), 'a'.repeat(64)],
  ])('spells %j as %j', (input, canonical) => {
    expect(canonicalUsername(input)).toBe(canonical);
  });

  it.each([...HOSTILE_USERNAMES, 'kate@example.com', 'ann\0', '\ud800nn'])('refuses %j', (input) => {
    expect(canonicalUsername(input)).toBeUndefined();
  });

  it('is idempotent, only ever gives lower case ASCII, and nothing that is an address', () => {
    const nearlyUsername = fc.stringMatching(/^ ?[A-Za-z0-9\u212A\u0130\u017F.@_-]{1,8} ?$/);
    fc.assert(
      fc.property(fc.oneof(nearlyUsername, fc.emailAddress(), fc.string({ unit: 'binary' })), (input) => {
        const canonical = canonicalUsername(input);
        if (canonical === undefined) return;
        expect(canonical).toMatch(/^[a-z0-9][a-z0-9._-]{2,63}$/);
        expect(canonicalUsername(canonical)).toBe(canonical);
        expect(canonicalEmail(input)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('CanonicalUsername', () => {
  class HandleDto {
    @CanonicalUsername()
    handle!: string;
  }

  const receive = (handle: unknown): { dto: HandleDto; messages: string[] } => {
    const dto = plainToInstance(HandleDto, { handle });
    return { dto, messages: validateSync(dto).flatMap(({ constraints }) => Object.values(constraints ?? {})) };
  };

  it('gives the property its canonical spelling', () => {
    expect(receive(' Kate ')).toEqual({ dto: { handle: 'kate' }, messages: [] });
  });

  it.each([['k'], [42], [null], [undefined], [{ $ne: null }], [['kate']], [true]])(
    'refuses %j in one sentence',
    (handle) => {
      expect(receive(handle).messages).toEqual([`handle ${USERNAME_RULE}`]);
    },
  );
});
