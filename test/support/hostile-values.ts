import { gzipSync } from 'node:zlib';
import { UNKNOWN_TOKEN } from './every-endpoint.js';

export const DEEP = '['.repeat(5000) + ']'.repeat(5000);

export const NOT_TEXT: unknown[] = [
  { $ne: null },
  { $gt: '' },
  ['victim@example.com', 'attacker@example.com'],
  [],
  {},
  0,
  1e308,
  null,
  true,
  { _type: 'not', _value: '' },
];

export const BAD_TEXT = ['"\\ud800@x.com"', '"\\udc00"', '"a\\u0000b"', '"\\ud83d\\ud83d"'];

export const NOT_OBJECTS = ['[]', '"text"', '0', 'null', 'true', '[{"email":"a@x.com"}]'];

export const BROKEN_JSON = [
  '{',
  '{"a":}',
  "{'a':1}",
  '{"a":1}{"b":2}',
  '\u{feff}{}',
  '{"a":NaN}',
  '\u0000',
  'email=a@x.com',
];

export const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

export const MASS_ASSIGNMENT = [
  'id',
  'is_active',
  'isActive',
  'role',
  'password_hash',
  'passwordHash',
  'email_verified_at',
];

export const TWISTED_NAMES = ['user[is_active]', 'user.is_active', 'is_active ', 'IS_ACTIVE', 'Email', ''];

export const HOSTILE_ADDRESSES = [
  '\u212Aate@example.com',
  'victim@example.com\uFF20evil.com',
  'victim\uFF20example.com',
  '\uFF56ictim@example.com',
  'victim@\uFF45xample.com',
  'vic\u200Btim@example.com',
  'victim@exam\u200Bple.com',
  'victim@exam\u00ADple.com',
  '\uFEFFvictim@example.com',
  'victim\u202E@example.com',
  'victim@example\u202E.com',
  '\uFB01@example.com',
  '\u338F@example.com',
  'victim@\u{1F4A9}.com',
  'jos\u00E9@example.com',
  '"victim"@example.com',
  '"e@attacker.com"@example.com',
  '"a b"@example.com',
  'victim@example.com,evil@example.com',
  'victim@example.com;evil@example.com',
  'victim@example.com evil@example.com',
  'Bob <victim@example.com>',
  '<victim@example.com>',
  'g:victim@example.com;',
  'victim@example.com.',
  'victim@example..com',
  'vic..tim@example.com',
  '.victim@example.com',
  'victim.@example.com',
  'victim@[127.0.0.1]',
  'victim@127.0.0.1',
  'victim@localhost',
  'victim@-example.com',
  'victim@example.com\r\nBcc: evil@example.com',
  'victim@example.com\n',
  '\tvictim@example.com',
  'victim(comment)@example.com',
  'victim%00@example.com@evil.com',
  'victim@xn--\u{1F600}.com',
  `${'a'.repeat(65)}@example.com`,
  `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`,
  '@example.com',
  'victim@',
  'victim',
  '@',
  ' ',
  '',
];

/** None is an address either. */
export const HOSTILE_USERNAMES = [
  '',
  'ab',
  '-ann',
  '.ann',
  '_ann',
  'a nn',
  'ann\n',
  '\tann',
  '\u00A0ann',
  'ann\u200B',
  '\uFEFFann',
  '\u202Eann',
  '\u212Aate',
  '\uFF41nn',
  'jos\u00E9',
  '\u0430nn',
  '\uFB01ona',
  'ann\u0301',
  'ann@',
  '@ann',
  'ann@localhost',
  'ann@example.com@example.com',
  'ann\uFF20example.com',
  'ann/..',
  'ann%00',
  "ann'--",
  '<b>ann</b>',
  '\u{1F4A9}\u{1F4A9}\u{1F4A9}',
  'a'.repeat(65),
  'a'.repeat(15_000),
];

export const OTHER_TYPES = [
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=x',
  'application/json5',
  'application/json; charset=utf-16',
  'application/json; charset=latin1',
  'json',
  '',
];

/** 10 MB of spaces. */
export const BOMB = gzipSync(Buffer.alloc(10_000_000, 0x20));

export const HOSTILE_TOKENS = [
  '%00',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%2e%2e%2f',
  '%25%30%30',
  'null',
  'undefined',
  '0',
  '%20',
  `${UNKNOWN_TOKEN}%20`,
  `${UNKNOWN_TOKEN}=`,
  '%27%20OR%201=1--',
  '%25',
  '%F0%9F%98%80',
  "';--",
  '[]',
  '*',
];

export const METHODS = ['POST', 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
export const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
