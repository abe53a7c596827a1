import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEmail, CanonicalEmail } from '../../lib/platform/common/email.js';

describe('canonicalEmail', () => {
  it.each([
    ['kate@example.com', 'kate@example.com'],
    ["Kate.O'Hara+news@Example.COM", "kate.o'hara+news@example.com"],
    ['  kate@example.com   ', 'kate@example.com'],
    ['kate@bücher.example', 'kate@xn--bcher-kva.example'],
    ['kate@BÜCHER.example', 'kate@xn--bcher-kva.example'],
    ['kate@xn--bcher-kva.example', 'kate@xn--bcher-kva.example'],
    ['kate@XN--BCHER-KVA.example', 'kate@xn--bcher-kva.example'],
    ['kate@例え.テスト', 'kate@xn--r8jz45g.xn--zckzah'],
    ['kate@straße.example', 'kate@xn--strae-oqa.example'],
    ['kate@123.example', 'kate@123.example'],
    ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
  ])('spells %j as %j', (input, canonical) => {
    expect(canonicalEmail(input)).toBe(canonical);
  });

  it.each([
    ['nothing', ''],
    ['no @', 'kate.example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'kate@'],
    ['two @', 'kate@example.com@evil.example'],
    ['the KELVIN SIGN', '\u212Aate@example.com'],
    ['the KELVIN SIGN in the domain', 'kate@\u212Aate.example'],
    ['a dotless i', 'k\u0131te@example.com'],
    ['a long s in the domain', 'kate@\u017Fite.example'],
    ['an accent in the local part', 'josé@example.com'],
    ['FULLWIDTH letters', '\uFF4Bate@example.com'],
    ['FULLWIDTH letters in the domain', 'kate@\uFF45xample.com'],
    ['FULLWIDTH COMMERCIAL AT', 'victim@x.com\uFF20evil.com'],
    ['only a FULLWIDTH COMMERCIAL AT', 'victim\uFF20example.com'],
    ['SMALL COMMERCIAL AT', 'victim@x.com\uFE6Bevil.com'],
    ['FULLWIDTH FULL STOP', 'kate@example\uFF0Ecom'],
    ['IDEOGRAPHIC FULL STOP', 'kate@example\u3002com'],
    ['a ligature', '\uFB01@example.com'],
    ['a ligature in the domain', 'kate@\uFB01.example'],
    ['a squared sign', '\u338F@example.com'],
    ['a circled digit in the domain', 'kate@\u2460.example'],
    ['ZERO WIDTH SPACE', 'ka\u200Bte@example.com'],
    ['ZERO WIDTH SPACE in the domain', 'kate@exam\u200Bple.com'],
    ['ZERO WIDTH JOINER in the domain', 'kate@exam\u200Dple.com'],
    ['SOFT HYPHEN in the domain', 'kate@exam\u00ADple.com'],
    ['a byte order mark', '\uFEFFkate@example.com'],
    ['a byte order mark in the domain', 'kate@example.com\uFEFF'],
    ['RIGHT-TO-LEFT OVERRIDE in the domain', 'kate@\u202Eexample.com'],
    ['WORD JOINER in the domain', 'kate@exam\u2060ple.com'],
    ['a variation selector in the domain', 'kate@exam\uFE0Fple.com'],
    ['COMBINING GRAPHEME JOINER in the domain', 'kate@exam\u034Fple.com'],
    ['HANGUL FILLER in the domain', 'kate@exam\u3164ple.com'],
    ['HANGUL CHOSEONG FILLER in the domain', 'kate@exam\u115Fple.com'],
    ['an emoji domain', 'kate@💩.example'],
    ['invalid punycode', 'kate@xn--iñvalid.com'],
    ['punycode of a zero-width space', 'kate@xn--example-3z6c.com'],
    ['punycode of an emoji', 'kate@xn--ls8h.com'],
    ['a lone surrogate', '\ud800@x.com'],
    ['a lone surrogate in the domain', 'kate@\ud800x.com'],
    ['a tab around it', '\tkate@example.com'],
    ['a line break after it', 'kate@example.com\n'],
    ['a no-break space around it', '\u00A0kate@example.com'],
    ['a space within', 'ka te@example.com'],
    ['a space before the @', 'kate @example.com'],
    ['a space after the @', 'kate@ example.com'],
    ['NUL', 'kate\0@example.com'],
    ['a header break', 'kate@example.com\r\nBcc: all@example.com'],
    ['a list', 'a@x.com,b@evil.com'],
    ['a list with semicolons', 'a@x.com;b@evil.com'],
    ['a display name', 'Bob <a@x.com>'],
    ['angle brackets', '<a@x.com>'],
    ['a group', 'g:a@x.com;'],
    ['a comment', 'kate(comment)@example.com'],
    ['a quoted local part', '"kate"@example.com'],
    ['a leading dot', '.kate@example.com'],
    ['a trailing dot of the local part', 'kate.@example.com'],
    ['two dots', 'ka..te@example.com'],
    ['two dots in the domain', 'a@x..com'],
    ['a leading dot of the domain', 'a@.x.com'],
    ['a trailing dot of the domain', 'kate@example.com.'],
    ['one label', 'kate@localhost'],
    ['an IPv4 literal', 'kate@[127.0.0.1]'],
    ['an IPv6 literal', 'kate@[IPv6:::1]'],
    ['an IPv4 address', 'kate@127.0.0.1'],
    ['a short IPv4 address', 'kate@127.1'],
    ['a hexadecimal IPv4 address', 'kate@0x7f.1'],
    ['a hexadecimal last label', 'kate@example.0x7f'],
    ['a top level of digits', 'kate@example.123'],
    ['an underscore in the domain', 'kate@ex_ample.com'],
    ['a label that begins with a hyphen', 'kate@-example.com'],
    ['a label that ends with a hyphen', 'kate@example-.com'],
    ['a percent sign in the domain', 'kate@exam%70le.com'],
    ['a slash in the domain', 'kate@example.com/x'],
    ['a port', 'kate@example.com:25'],
    ['a query', 'kate@example.com?x'],
    ['a backslash', 'kate@example.com\\x'],
    ['a label of 64', `kate@${'a'.repeat(64)}.com`],
    ['a local part of 65', `${'a'.repeat(65)}@example.com`],
    ['255 characters', `kate@${'a.'.repeat(123)}com1`],
    ['100,000 characters', `${'a'.repeat(100_000)}@example.com`],
    ['100,000 spaces', `a${' '.repeat(100_000)}@example.com`],
  ])('refuses %s', (_name, input) => {
    expect(canonicalEmail(input)).toBeUndefined();
  });

  it('takes the longest address there is', () => {
    const label = 'd'.repeat(63);
    const longest = `${'l'.repeat(64)}@${label}.${label}.${'d'.repeat(57)}.com`;
    expect(longest).toHaveLength(254);
    expect(canonicalEmail(longest)).toBe(longest);
    expect(canonicalEmail(longest.replace('.com', 'd.com'))).toBeUndefined();
  });

  it('is idempotent and only ever gives lower case ASCII', () => {
    const nearlyAddress = fc
      .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 12 }))
      .map(([local, domain]) => `${local}@${domain}.com`);
    fc.assert(
      fc.property(fc.oneof(nearlyAddress, fc.emailAddress(), fc.string({ unit: 'binary' })), (input) => {
        const canonical = canonicalEmail(input);
        if (canonical === undefined) return;
        expect(canonical).toMatch(/^[\x21-\x40\x5b-\x7e]+$/);
        expect(canonicalEmail(canonical)).toBe(canonical);
      }),
      { numRuns: 500 },
    );
  });
});

describe('CanonicalEmail', () => {
  class AddressDto {
    @CanonicalEmail()
    email!: string;
  }

  const receive = (email: unknown): { dto: AddressDto; messages: string[] } => {
    const dto = plainToInstance(AddressDto, { email });
    return { dto, messages: validateSync(dto).flatMap(({ constraints }) => Object.values(constraints ?? {})) };
  };

  it('gives the property its canonical spelling', () => {
    expect(receive(' Kate@Example.COM ')).toEqual({ dto: { email: 'kate@example.com' }, messages: [] });
  });

  it.each([['kate'], [42], [null], [undefined], [{ $ne: null }], [['kate@example.com']], [true]])(
    'refuses %j in one sentence',
    (email) => {
      expect(receive(email).messages).toEqual(['email must be an e-mail address']);
    },
  );
});
