import { describe, expect, it } from 'vitest';
import { bearerToken } from '../../lib/platform/http/bearer.js';
import { mediaType } from '../../lib/platform/http/media-type.js';
import { trimEnds } from '../../lib/platform/common/trim-ends.js';
import { negotiateLocale } from '../../lib/engine/texts/locale.js';

/** What String.trim() cuts off and a header may not have around a value, as Node gives it: a character for each byte. */
const NO_BLANKS = ['\xA0', '\x0B', '\x0C', '\r', '\n', '\uFEFF', '\u2003'];

describe('mediaType', () => {
  it.each([
    ['application/json', 'json'],
    ['Application/JSON', 'json'],
    ['\t application/json ;\tcharset=UTF-8 ', 'json'],
    ['application/json; charset="utf8";', 'json'],
    ['application/x-www-form-urlencoded;charset=utf-8', 'form'],
  ])('knows %j', (header, type) => {
    expect(mediaType(header)).toBe(type);
  });

  it.each([
    undefined,
    '',
    ';',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-8',
    'application/json; boundary=x',
    'application/json, application/json',
    'application/json; charset = utf-8',
    'application/x-www-form-urlencoded-not',
    `application/json${' '.repeat(200)}`,
    ...NO_BLANKS.map((blank) => `application/json${blank}`),
  ])('takes %j for none', (header) => {
    expect(mediaType(header)).toBeUndefined();
  });
});

describe('a header', () => {
  it.each(NO_BLANKS)('has no %j around its values', (blank) => {
    expect(trimEnds(` \t${blank}a${blank} \t`, ' \t')).toBe(`${blank}a${blank}`);
    expect(negotiateLocale(`${blank}de`, ['en', 'de'], 'en')).toBe('en');
    expect(bearerToken(`Bearer${blank}a`)).toBeUndefined();
    expect(bearerToken(`Bearer a${blank}`)).toBeUndefined();
  });

  it('may have spaces and tabs there', () => {
    expect(negotiateLocale(' \tde\t; q=1 ', ['en', 'de'], 'en')).toBe('de');
  });
});
