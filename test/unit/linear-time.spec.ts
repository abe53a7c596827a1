import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { bearerToken } from '../../lib/platform/http/bearer.js';
import { TokenCookies } from '../../lib/engine/access/token-cookies.js';
import { networkOf } from '../../lib/platform/common/network-address.js';
import { deviceOf } from '../../lib/platform/common/device.js';
import { canonicalEmail } from '../../lib/platform/common/email.js';
import { mediaType } from '../../lib/platform/http/media-type.js';
import { redactUrl } from '../../lib/platform/http/redact-url.js';
import { assertSafeBody, parseForm } from '../../lib/platform/http/safe-body.js';
import { canonicalUsername } from '../../lib/platform/common/username.js';
import { CommonPasswords } from '../../lib/engine/passwords/common-passwords.js';
import { PasswordPolicy } from '../../lib/engine/passwords/password-policy.js';
import { htmlTitle } from '../../lib/engine/templates/html-title.js';
import { isLocale } from '../../lib/platform/common/locale.js';
import { negotiateLocale } from '../../lib/engine/texts/locale.js';
import { displayText, htmlLink } from '../../lib/engine/templates/template-context.js';
import { wrapText } from '../../lib/engine/texts/translate.js';

/** As long as a body may be, and as Node lets all headers together be. */
const LONGEST = 16 * 1024;

/** A linear pass over 16 KB takes a few milliseconds at most, on a busy machine too; a quadratic one 90 ms and more. */
const LIMIT_MS = 25;

/** What a text begins with, what it repeats, and what it ends with: a match that fails late, from every position. */
const WORST_CASES: readonly (readonly [start: string, unit: string, end: string])[] = [
  ['a', ' ', 'b'],
  ['', ' ', 'x'],
  ['', '\t \t', 'x'],
  ['application/json', ' ', 'x'],
  ['application/json;', ' ', 'x'],
  ['application/json; charset=', 'a', '!'],
  ['', ' ;', 'x'],
  ['', ';', 'x'],
  ['', 'a', ' '],
  ['', 'a.', '@'],
  ['', 'a@', ' '],
  ['a@', 'a.', '!'],
  ['a@', 'a-', '.'],
  ['', '@', 'a'],
  ['Bearer', ' ', '!'],
  ['Bearer ', 'a', '!'],
  ['Bearer ', 'a=', '!'],
  ['Bearer ', '=', 'a'],
  ['', 'en,', '!'],
  ['en;', 'q=', '!'],
  ['en', '-a', '!'],
  ['', '%2', '%'],
  ['', '%41', '%zz'],
  ['', 'eyJ.', '.'],
  ['/', 'a/', '\\'],
  ['https://', 'a', ' '],
  ['', 'www', '.'],
  ['', '1.', 'x'],
  ['', '1', '.'],
  ['', 'a。', '1'],
  ['', '\u202E', 'x'],
  ['', 'é\u200B', '\ud800'],
  ['', '<title', ''],
  ['<title>', 'a', '<'],
  ['<title>', '&amp', ';</title>'],
  ['<title>', '\r\n', '</title>'],
  ['', '<title>', ''],
  ['', '0', 'a'],
  ['', '0', 'aa0'],
  ['', 'ab', '0'],
  ['', 'abcd1234', '!'],
  ['', '__Host-gatehouse-access=', ';'],
  ['', '=&', '='],
  ['', '\ud800', ''],
];

const TEXTS = WORST_CASES.map(([start, unit, end]) => {
  const room = LONGEST - start.length - end.length;
  return start + unit.repeat(Math.floor(room / unit.length)) + end;
});

const cookies = new TokenCookies(
  {} as never,
  {} as never,
  { tokenDelivery: 'cookie', cookie: { secure: true, sameSite: 'lax' } } as never,
);

const common = CommonPasswords.load(12);
const policy = new PasswordPolicy(
  {
    password: { minLength: 12, maxLength: 128, requireComplexity: true, blockCommon: true, normalisation: 'nfc' },
  } as never,
  { finds: () => Promise.resolve(false) } as never,
);
/** Its own work is done when it returns; a refusal that nobody waits for must not end the run. */
const judge = (...given: Parameters<PasswordPolicy['assertAcceptable']>) =>
  policy.assertAcceptable(...given).catch(() => undefined);

/** The least of a few runs: whatever else the machine does only adds to it. */
function leastMs(run: () => unknown): number {
  let least = Infinity;
  for (let attempt = 0; attempt < 5 && least > LIMIT_MS / 10; attempt++) {
    const start = performance.now();
    try {
      run();
    } catch {
      // A refusal is as good an answer as any; how long it takes is the question.
    }
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Every function of lib/ that applies a regular expression to, or walks over, what a request brings along. */
const readers: Record<string, (text: string) => unknown> = {
  'the media type': mediaType,
  'an e-mail address': canonicalEmail,
  'a username': canonicalUsername,
  'a bearer token': bearerToken,
  cookies: (text) => cookies.read({ headers: { cookie: text } }, 'access'),
  'the device': (text) =>
    deviceOf({
      ip: text,
      headers: { 'user-agent': text, cookie: text, forwarded: text },
      socket: { remoteAddress: text },
    }),
  'a network': networkOf,
  'a language': (text) => negotiateLocale(text, ['en', 'pt-BR'], 'en'),
  'a language tag': isLocale,
  'a URL to be logged': redactUrl,
  'a form': (text) => parseForm(Buffer.from(text)),
  'a body': (text) => assertSafeBody({ [text]: text }),
  'a common password': (text) => common.includes(text),
  'a password': (text) => judge(text, { email: text }),
  'the owner of a password': (text) => judge('a'.repeat(128), { email: text, name: text, username: text }),
  'text in a mail': displayText,
  'lines of a mail': (text) => wrapText(displayText(text) ?? ''),
  'a link': htmlLink,
  'the title of a page': htmlTitle,
};

describe('takes linear time, whatever a request says:', () => {
  it.each(Object.entries(readers))('%s', (_, read) => {
    const slow = TEXTS.map((text, index) => ({ worstCase: WORST_CASES[index], ms: leastMs(() => read(text)) }));
    expect(slow.filter(({ ms }) => ms > LIMIT_MS)).toEqual([]);
  });
});
