import { PassThrough, Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AuthError, type AuthErrorCode } from '../../lib/platform/common/auth.errors.js';
import { assertSafeBody, parseForm, parseJson, readBody } from '../../lib/platform/http/safe-body.js';

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

function errorOf(action: () => unknown): AuthError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
}

function codeOf(action: () => unknown): AuthErrorCode | undefined {
  return errorOf(action)?.code;
}

describe('parseJson', () => {
  it('reads UTF-8', () => {
    expect(parseJson(utf8('{"name":"Zoë 🦉"}'))).toEqual({ name: 'Zoë 🦉' });
  });

  it('takes the last of duplicate keys', () => {
    expect(parseJson(utf8('{"a":1,"a":2}'))).toEqual({ a: 2 });
  });

  it.each([
    ['nothing', utf8('')],
    ['half an object', utf8('{"a":')],
    ['a byte order mark', utf8('\uFEFF{}')],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xae, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['NaN', utf8('{"a":NaN}')],
    ['a trailing comma', utf8('{"a":1,}')],
  ])('refuses %s', (_name, bytes) => {
    expect(codeOf(() => parseJson(bytes))).toBe('INPUT_MALFORMED');
  });

  it('never repeats the input', () => {
    const { message, stack, cause } = errorOf(() => parseJson(utf8('{"password":"hunter2hunter2" oops}')))!;
    expect(`${message}${stack}`).toContain('The request could not be read.');
    expect(`${message}${stack}`).not.toContain('hunter2');
    expect(cause).toBeUndefined();
  });
});

describe('parseForm', () => {
  it('gives a plain object of strings', () => {
    expect(parseForm(utf8('new_password=a%2Bb+c%C3%A9&token=x'))).toEqual({ new_password: 'a+b cé', token: 'x' });
  });

  it('keeps brackets as part of a name', () => {
    expect(parseForm(utf8('user[is_active]=1'))).toEqual({ 'user[is_active]': '1' });
  });

  it.each([
    ['a name that comes twice', 'a=1&a=2'],
    ['21 fields', Array.from({ length: 21 }, (_, index) => `f${index}=1`).join('&')],
    ['a broken escape', 'a=%zz'],
    ['an escape that is not UTF-8', 'a=%C0%AE'],
    ['an escaped surrogate', 'a=%ED%A0%80'],
  ])('refuses %s', (_name, form) => {
    expect(codeOf(() => parseForm(utf8(form)))).toBe('INPUT_MALFORMED');
  });
});

describe('assertSafeBody', () => {
  it.each([
    ['an empty object', {}],
    ['scalars', { text: 'Zoë 🦉', number: 1.5, yes: true, nothing: null }],
    ['four levels', { a: { b: [{ c: 1 }] } }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ])('passes %s', (_name, body) => {
    expect(codeOf(() => assertSafeBody(body))).toBeUndefined();
  });

  it.each([
    ['five levels', '{"a":{"b":[{"c":[]}]}}'],
    ['a list', '[]'],
    ['a string', '"a"'],
    ['null', 'null'],
    ['a number', '1'],
    ['NUL in a value', '{"a":"\\u0000"}'],
    ['NUL in a name', '{"\\u0000":1}'],
    ['a lone high surrogate', '{"email":"\\ud800@x.com"}'],
    ['a lone low surrogate', '{"a":["\\udc00"]}'],
    ['a lone surrogate in a name', '{"a":{"\\ud800":1}}'],
    ['__proto__', '{"__proto__":{"is_admin":true}}'],
    ['constructor', '{"a":{"constructor":{"prototype":1}}}'],
    ['prototype', '{"prototype":1}'],
    ['hasOwnProperty', '{"hasOwnProperty":1}'],
    ['a number out of range', '{"a":1e999}'],
    ['5,000 lists', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ['2,000 objects', `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`],
  ])('refuses %s', (_name, json) => {
    expect(codeOf(() => assertSafeBody(parseJson(utf8(json))))).toBe('INPUT_MALFORMED');
  });

  it.each([
    ['undefined', undefined],
    ['a buffer', Buffer.from('{}')],
    ['a date', { at: new Date() }],
    ['a function', { call: () => undefined }],
    ['a map', new Map()],
    ['an instance of a class', new (class Body {})()],
  ])('refuses %s, which JSON cannot give', (_name, body) => {
    expect(codeOf(() => assertSafeBody(body))).toBe('INPUT_MALFORMED');
  });

  it('throws nothing but INPUT_MALFORMED, whatever JSON it gets', () => {
    const keys = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '\ud800', '\0'));
    const json = fc.anything({
      key: keys,
      values: [fc.string({ unit: 'binary' }), fc.double(), fc.boolean()],
      maxDepth: 6,
    });
    fc.assert(
      fc.property(json, (value) => {
        expect([undefined, 'INPUT_MALFORMED']).toContain(codeOf(() => assertSafeBody(value)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('readBody', () => {
  it('reads to the end', async () => {
    const bytes = utf8('Zoë 🦉');
    const oneByOne = Readable.from([...bytes].map((byte) => Buffer.from([byte])));
    await expect(readBody(oneByOne)).resolves.toEqual(bytes);
  });

  it('takes exactly the limit and no byte more', async () => {
    await expect(readBody(Readable.from([Buffer.alloc(10)]), 10)).resolves.toHaveLength(10);
    await expect(readBody(Readable.from([Buffer.alloc(10), Buffer.alloc(1)]), 10)).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  it('answers while a body that is too long still arrives', async () => {
    const endless = new PassThrough();
    const reading = readBody(endless, 10);
    endless.write(Buffer.alloc(11));
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' });
    expect(endless.destroyed).toBe(false);
  });

  it('refuses a body that breaks off, and one that is gone', async () => {
    const broken = new PassThrough();
    const reading = readBody(broken);
    broken.write('{');
    broken.destroy();
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
    await expect(readBody(broken)).rejects.toMatchObject({ code: 'INPUT_MALFORMED' });
  });
});
